import type { QuarantineWords } from '../english/quarantine';

const refusedBecause: QuarantineWords['refusedBecause'] = {
  'above-limit': {
    why: 'Une synchronisation ne peut pas tant modifier dans cette classe.',
    advice: 'Si c’est voulu, relancez ; sinon, écartez.',
  },
  'bad-entity': { why: 'Le réglage est illisible.', advice: 'Corrigez son texte, puis relancez.' },
  'bad-header': {
    why: 'La première ligne du fichier ne nomme pas ses colonnes.',
    advice: 'Corrigez le fichier, puis relancez.',
  },
  'bad-id': {
    why: 'L’Id n’est pas valable.',
    advice:
      'Corrigez-le, puis relancez : un nombre entier pour un relevé, un texte court sans espace pour un réglage.',
  },
  'bad-photo': {
    why: 'La photo est endommagée, ou n’est pas une image.',
    advice: 'Demandez à la cuisine de la refaire, puis écartez celle-ci.',
  },
  'bad-quote': { why: 'Un guillemet est mal placé.', advice: 'Corrigez la ligne, puis relancez.' },
  'bad-statement': {
    why: 'Ce que l’appareil dit de lui-même est illisible.',
    advice:
      'Le reste de son paquet a été appliqué. Si cela revient, faites mettre à jour le programme de l’appareil ; on peut écarter celui-ci.',
  },
  'bad-value': {
    why: 'Une valeur ne peut pas être vraie, ou est mal écrite.',
    advice: 'Corrigez-la, puis relancez.',
  },
  'duplicate-column': {
    why: 'Le fichier nomme deux fois la même colonne.',
    advice: 'Corrigez sa première ligne, puis relancez.',
  },
  'duplicate-id': {
    why: 'Le fichier contient cet Id deux fois.',
    advice: 'Corrigez l’Id et relancez, ou écartez la ligne.',
  },
  'flip-flop': {
    why: 'Deux personnes ou programmes se contredisent.',
    advice:
      'Trouvez la bonne valeur et fixez-la ici ; après une heure, la synchronisation suivante reprend d’elle-même.',
  },
  'id-conflict': {
    why: 'Le serveur détient un autre relevé sous cet Id.',
    advice:
      'Un appareil restauré ou copié renumérote souvent : vérifiez l’appareil, puis écartez cette ligne, ou donnez-lui un Id libre et relancez-la.',
  },
  'id-jump': {
    why: 'L’Id dépasse de loin tout ce que cet appareil a numéroté jusqu’ici : un code-barres saisi dans la mauvaise colonne, peut-être, ou un appareil restauré.',
    advice:
      'Si le numéro est juste, relancez la ligne : le serveur admettra les Id jusqu’à celui-ci. Sinon, corrigez l’Id, ou écartez la ligne.',
  },
  'malformed-xml': {
    why: 'Le fichier n’est pas du XML bien formé.',
    advice: 'Corrigez-le, puis relancez.',
  },
  'missing-id': { why: 'Il manque un Id.', advice: 'Donnez-en un qui soit libre et relancez, ou écartez.' },
  'no-id-column': {
    why: 'Le fichier n’a pas de colonne Id.',
    advice: 'Corrigez sa première ligne, puis relancez.',
  },
  'quarantine-full': {
    why: 'La cuisine a ici autant d’éléments en attente qu’elle peut en avoir : les suivants sont comptés dans celui-ci.',
    advice:
      'Traitez d’abord les autres. L’envoi est conservé tant que cet élément est ouvert : relancez alors son traitement, puis écartez cet élément.',
  },
  'row-too-large': {
    why: 'La ligne est plus longue que ce que le serveur accepte.',
    advice: 'Abrégez-la et relancez, ou écartez-la.',
  },
  'too-large': {
    why: 'C’est plus grand que ce que le serveur accepte.',
    advice: 'Envoyez un texte abrégé, ou écartez.',
  },
  'too-many-columns': {
    why: 'Le fichier apporte plus de colonnes inconnues que ce journal ne peut en avoir.',
    advice:
      'Faites vérifier le programme de l’appareil. Si ces colonnes sont voulues, un administrateur en autorise davantage dans les réglages de la cuisine ; relancez alors le fichier.',
  },
  'unknown-message': {
    why: 'L’accusé porte sur un message que le serveur n’a jamais envoyé.',
    advice: 'On peut l’écarter.',
  },
  'unterminated-quote': {
    why: 'Un guillemet ouvert n’est jamais fermé.',
    advice: 'Corrigez la ligne, puis relancez.',
  },
  'wrong-cell-count': {
    why: 'La ligne n’a pas autant de valeurs que le fichier a de colonnes.',
    advice: 'Corrigez-la, puis relancez.',
  },
};

export const quarantineFrench: QuarantineWords = {
  refusedBecause,
  refusedOtherwise: {
    why: 'Cela n’a pas pu être appliqué.',
    advice: 'Lisez la raison, corrigez le texte et relancez, ou écartez.',
  },
  quarantine: 'Quarantaine',
  quarantineMeaning:
    'Ce qui n’a pas pu être appliqué est gardé ici, comme reçu. Le reste de son paquet a été appliqué.',
  quarantineStates: {
    open: 'à traiter',
    replayed: 'relancé',
    discarded: 'écarté',
    settled: 'réglé par l’appareil',
  },
  sentTimes: (count) => `envoyé ${count} fois`,
  lastTime: 'la dernière',
  fileAndRow: 'Fichier et ligne',
  noQuarantine: 'Rien ici',
  noQuarantineMeaning: 'Tout ce qui est venu a pu être appliqué.',
  correctAndReplay: 'Corriger et relancer',
  asItWasSent: 'Comme reçu',
  header: 'Colonnes',
  correctionHint: 'Changez ce qui est faux, et rien d’autre. Laissé tel quel, il est traité comme reçu.',
  noText: 'Son texte n’a pas été gardé ; il est traité comme reçu.',
  discard: 'Écarter',
  discardTicked: 'Écarter ce qui est coché',
  confirmDiscardMany: 'Écarter tout ce qui est coché ? Cela ne sera pas appliqué.',
  confirmDiscard: 'Écarter ? Cela ne sera pas appliqué.',
};
