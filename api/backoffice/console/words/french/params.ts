import type { ParamsWords } from '../english/params';
import { several } from './several';

export const paramsFrench: ParamsWords = {
  class: 'Classe',
  editedBy: 'Modifiée par',
  directions: { both: 'les deux côtés', manager: 'le manager seul', solution: 'la solution seule' },
  entities: 'Réglages',
  due: 'à transmettre',
  held: 'retenu',
  parked: 'mis de côté',
  agreed: 'en accord',
  failedTimes: (count) => `échec ×${count}`,
  noParams: 'Aucun réglage pour l’instant',
  noParamsAdvice: 'Ils viennent avec la première synchronisation de la solution.',
  emptyClasses: 'Classes vides',
  addEntity: 'Ajouter',
  noEntities: 'Rien dans cette classe',
  values: 'Valeurs',
  history: 'Historique',
  entity: 'Réglage',
  idHint: 'Un nombre ou un mot, unique dans sa classe.',
  fromTo: (from, to) => `de ${from} à ${to}`,
  undeclaredFields: (count) =>
    `${several(count, 'autre champ', 'autres champs')}, gardés comme la solution les a envoyés`,
  confirmDelete: 'Supprimer aussi sur la solution ?',
  onlySolutionEdits: 'Seule la solution modifie cette classe.',
  couldNotCarryOut: (reason) => `La solution n’a pas pu l’exécuter : ${reason}`,
  fromSync: 'par cette synchronisation',
  theSolution: 'la solution',
};
