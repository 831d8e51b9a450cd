// The contents of a French kitchen: words and plan values. Limits: arrêté du 21/12/2009, Reg. (EC) 853/2004, usage.

export interface ColdRoomPlan {
  readonly name: string;
  readonly type: 'positive' | 'negative' | 'cell' | 'display';
  readonly tempMin: number;
  readonly tempMax: number;
  /** The setting of the thermostat. */
  readonly setPoint: number;
  /** How often its door is opened, compared with the usual number. */
  readonly traffic: number;
}

const room = (
  name: string,
  type: ColdRoomPlan['type'],
  [tempMin, setPoint, tempMax]: readonly [number, number, number],
  traffic: number,
): ColdRoomPlan => ({ name, type, tempMin, tempMax, setPoint, traffic });

export const coldRooms: readonly [ColdRoomPlan, ...ColdRoomPlan[]] = [
  room('Chambre froide viandes', 'positive', [0, 2, 4], 1),
  room('Chambre froide poissons', 'positive', [0, 0.8, 2], 0.6),
  room('Chambre froide BOF', 'positive', [0, 2.2, 4], 1.2),
  room('Chambre froide légumes', 'positive', [4, 5.5, 8], 1.2),
  room('Chambre négative', 'negative', [-25, -21, -18], 0.4),
  room('Congélateur coffre', 'negative', [-28, -22, -18], 0.2),
  room('Armoire pâtisserie', 'positive', [0, 2, 4], 0.8),
  room('Armoire préparations froides', 'positive', [0, 1.6, 3], 1.4),
  room('Saladette', 'positive', [0, 2.5, 4], 1.8),
  room('Timbre garde-manger', 'positive', [0, 2.2, 4], 1.5),
  room('Timbre cuisson', 'positive', [0, 2.4, 4], 1.6),
  room('Vitrine desserts', 'display', [0, 2.5, 4], 1.3),
  room('Vitrine boissons', 'display', [2, 5, 8], 1),
  room('Cellule de refroidissement', 'cell', [0, 1.5, 3], 0.7),
  room('Armoire plats témoins', 'positive', [0, 1.8, 3], 0.2),
  room('Congélateur glaces', 'negative', [-25, -20, -18], 0.6),
  room('Réserve froide bar', 'positive', [2, 4.5, 8], 0.9),
  room('Chambre froide décongélation', 'positive', [0, 2, 4], 0.4),
  room('Armoire fromages', 'positive', [4, 6, 8], 0.6),
  room('Local déchets réfrigéré', 'positive', [4, 7, 10], 0.3),
];

export interface ProductPlan {
  readonly name: string;
  readonly family: 'viande' | 'volaille' | 'poisson' | 'légume' | 'laitier' | 'pâtisserie' | 'sauce' | 'plat';
  readonly allergens: string;
  readonly shelfLifeDays: number;
}

const product = (
  name: string,
  family: ProductPlan['family'],
  shelfLifeDays: number,
  allergens = '',
): ProductPlan => ({ name, family, allergens, shelfLifeDays });

export const products: readonly [ProductPlan, ...ProductPlan[]] = [
  product('Épaule d’agneau', 'viande', 5),
  product('Joue de bœuf', 'viande', 5),
  product('Filet mignon de porc', 'viande', 5),
  product('Quasi de veau', 'viande', 5),
  product('Saucisson à cuire', 'viande', 10, 'lait'),
  product('Suprême de volaille', 'volaille', 4),
  product('Cuisse de canard', 'volaille', 6),
  product('Poularde de Bresse', 'volaille', 5),
  product('Œufs plein air', 'laitier', 21, 'œufs'),
  product('Dos de cabillaud', 'poisson', 2, 'poissons'),
  product('Saumon Label Rouge', 'poisson', 3, 'poissons'),
  product('Omble chevalier', 'poisson', 2, 'poissons'),
  product('Quenelles de brochet', 'poisson', 7, 'poissons, œufs, lait, gluten'),
  product('Noix de Saint-Jacques', 'poisson', 3, 'mollusques'),
  product('Crème fraîche d’Isigny', 'laitier', 20, 'lait'),
  product('Beurre AOP', 'laitier', 40, 'lait'),
  product('Saint-marcellin', 'laitier', 15, 'lait'),
  product('Lait entier', 'laitier', 7, 'lait'),
  product('Cervelle de canut', 'laitier', 3, 'lait'),
  product('Carottes fanes', 'légume', 7),
  product('Pommes de terre Monalisa', 'légume', 30),
  product('Épinards', 'légume', 4),
  product('Cardons', 'légume', 6, 'sulfites'),
  product('Salade verte', 'légume', 4),
  product('Gratin dauphinois', 'plat', 3, 'lait'),
  product('Blanquette de veau', 'plat', 3, 'lait, céleri'),
  product('Bœuf bourguignon', 'plat', 3, 'gluten, céleri, sulfites'),
  product('Tablier de sapeur', 'plat', 3, 'gluten, œufs'),
  product('Velouté de potimarron', 'plat', 3, 'lait, céleri'),
  product('Salade lyonnaise', 'plat', 1, 'œufs, moutarde'),
  product('Fond brun de veau', 'sauce', 5, 'céleri'),
  product('Sauce Nantua', 'sauce', 3, 'crustacés, lait, gluten'),
  product('Vinaigrette', 'sauce', 5, 'moutarde, sulfites'),
  product('Crème brûlée', 'pâtisserie', 2, 'œufs, lait'),
  product('Tarte aux pralines', 'pâtisserie', 3, 'gluten, lait, fruits à coque'),
  product('Île flottante', 'pâtisserie', 1, 'œufs, lait'),
  product('Mousse au chocolat', 'pâtisserie', 2, 'œufs, lait, soja'),
  product('Praliné & noisettes « maison »', 'pâtisserie', 20, 'fruits à coque'),
];

export interface Supplier {
  readonly name: string;
  readonly agreement: string;
  readonly email: string;
  readonly phone: string;
  readonly families: readonly ProductPlan['family'][];
}

export const suppliers: readonly [Supplier, ...Supplier[]] = [
  {
    name: 'Boucherie Trolliet',
    agreement: 'FR 69.123.045 CE',
    email: 'commande@boucherie-trolliet.example',
    phone: '+33 4 72 00 00 01',
    families: ['viande', 'volaille'],
  },
  {
    name: 'Marée Rhône-Alpes',
    agreement: 'FR 69.259.012 CE',
    email: 'quai@maree-ra.example',
    phone: '+33 4 72 00 00 02',
    families: ['poisson'],
  },
  {
    name: 'Crèmerie des Halles',
    agreement: 'FR 69.383.007 CE',
    email: 'bonjour@cremerie-halles.example',
    phone: '+33 4 72 00 00 03',
    families: ['laitier'],
  },
  {
    name: 'Primeur Corbas',
    agreement: 'FR 69.273.088 CE',
    email: 'primeur@corbas.example',
    phone: '+33 4 72 00 00 04',
    families: ['légume'],
  },
  {
    name: 'Épicerie générale du Sud-Est',
    agreement: 'FR 38.544.021 CE',
    email: 'ventes@epicerie-se.example',
    phone: '+33 4 76 00 00 05',
    families: ['laitier', 'sauce', 'pâtisserie'],
  },
];

export interface Operator {
  readonly name: string;
  readonly initials: string;
}

export const operators: readonly [Operator, ...Operator[]] = [
  { name: 'Amélie Garnier', initials: 'AG' },
  { name: 'Youssef Benali', initials: 'YB' },
  { name: 'Lucie Perrachon', initials: 'LP' },
  { name: 'Thomas Neyret', initials: 'TN' },
  { name: 'Inès Moreira', initials: 'IM' },
];

export interface Surface {
  readonly surface: string;
  readonly zone: string;
  readonly frequency: 'Après usage' | 'Après chaque service' | 'Quotidien' | 'Hebdomadaire' | 'Mensuel';
}

export const surfaces: readonly [Surface, ...Surface[]] = [
  { surface: 'Plan de travail cuisson', zone: 'Cuisine chaude', frequency: 'Après chaque service' },
  { surface: 'Plan de travail froid', zone: 'Garde-manger', frequency: 'Après chaque service' },
  { surface: 'Sol cuisine', zone: 'Cuisine chaude', frequency: 'Quotidien' },
  { surface: 'Sol plonge', zone: 'Plonge', frequency: 'Quotidien' },
  { surface: 'Planches à découper', zone: 'Garde-manger', frequency: 'Après usage' },
  { surface: 'Trancheuse', zone: 'Garde-manger', frequency: 'Après usage' },
  { surface: 'Hotte et filtres', zone: 'Cuisine chaude', frequency: 'Hebdomadaire' },
  { surface: 'Joints des chambres froides', zone: 'Réserves', frequency: 'Hebdomadaire' },
  { surface: 'Poignées de porte', zone: 'Toutes', frequency: 'Quotidien' },
  { surface: 'Bac à graisse', zone: 'Plonge', frequency: 'Mensuel' },
];

export const cleaningProducts = [
  { name: 'Détergent désinfectant alimentaire', supplier: 'Hygi’Est', dosage: '2 %', contactMinutes: 5 },
  { name: 'Dégraissant four', supplier: 'Hygi’Est', dosage: 'pur', contactMinutes: 15 },
  { name: 'Désinfectant sans rinçage', supplier: 'Net & Clair', dosage: 'pur', contactMinutes: 1 },
] as const;

export const openingQuestions = [
  'Tenues propres et complètes ?',
  'Lave-mains approvisionnés (savon, papier) ?',
  'Produits périmés retirés ?',
  'Nuisibles : aucune trace ?',
  'Thermomètres présents et propres ?',
] as const;

export const closingQuestions = [
  'Plans de travail désinfectés ?',
  'Poubelles vidées ?',
  'Chambres froides fermées ?',
  'Friteuses arrêtées et couvertes ?',
] as const;

export const deliveryQuestions = [
  'Camion propre ?',
  'Emballages intègres ?',
  'Étiquettes lisibles ?',
] as const;

export const correctiveActions = {
  cold: 'Porte refermée, contrôle dans 30 minutes',
  delivery: 'Livraison refusée, fournisseur prévenu',
  hot: 'Remise en chauffe avant service',
  oil: 'Huile changée',
  cleaning: 'Nettoyage refait',
} as const;
