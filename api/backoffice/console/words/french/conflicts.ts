import type { ConflictsWords } from '../english/conflicts';
import { several } from './several';

export const conflictsFrench: ConflictsWords = {
  conflicts: 'Conflits',
  conflictsMeaning:
    'Les deux côtés ont modifié le même champ différemment. Les deux copies restent telles quelles jusqu’à une décision.',
  allConflictsMeaning:
    'Les champs que cuisine et manager ont modifiés différemment, et ce qu’il en est advenu.',
  openOrAll: { open: 'À trancher', all: 'Tous' },
  noConflicts: 'Aucun conflit',
  noConflictsMeaning: 'Personne n’a rien à trancher.',
  bothCopies: 'Les deux versions',
  field: 'Champ',
  agreedBefore: 'Accord précédent',
  managersCopy: 'Manager',
  solutionsCopy: 'Cuisine',
  disputed: 'en conflit',
  wasDisputed: 'a été en conflit',
  keepManagers: 'Garder celle du manager',
  keepSolutions: 'Garder celle de la cuisine',
  otherValues: 'D’autres valeurs',
  takeThese: 'Prendre celles-ci',
  conflictStates: {
    open: 'à trancher',
    decided: 'tranché',
    resolved: 'résolu par sa règle',
    superseded: 'accord trouvé autrement',
  },
  resolutions: {
    manager: 'la version du manager',
    solution: 'la version de la cuisine',
    fields: 'des valeurs des deux, ou nouvelles',
  },
  approvals: 'Approbations',
  approvalsMeaning: 'Des modifications si nombreuses, ou si douteuses, que quelqu’un doit les approuver.',
  noApprovals: 'Rien à approuver',
  noApprovalsMeaning: 'Aucune synchronisation n’a voulu trop modifier.',
  toDelete: (count, className) => `${className} : ${several(count, 'suppression', 'suppressions')}`,
  toChange: (count, className) => `${className} : ${several(count, 'modification', 'modifications')}`,
  approvalReasons: {
    'first-upload':
      'C’est le premier envoi d’un nouvel appareil : il apporte peut-être ses réglages d’usine, ou ceux d’une ancienne sauvegarde.',
    'many-changes':
      'Plus de la moitié de la classe changerait d’un coup : l’appareil a peut-être perdu ses réglages, ou en apporte d’anciens.',
    resend: 'On a demandé de renvoyer tous les réglages, et ceux de la cuisine sont différents.',
    drift: 'L’appareil signale lui-même qu’il n’a pas ce qui lui a été envoyé.',
  },
  approvalKinds: {
    deletes: 'La cuisine les a supprimés.',
    replace: 'La cuisine remplace tout, et ne les a plus.',
    changes: 'La cuisine en a modifié ou ajouté plus d’un coup que la classe ne le permet.',
    'replace-logs': 'La cuisine remplace tout : ces relevés, elle ne les a plus, ou les a autrement.',
  },
  approvalStates: { open: 'en attente', approved: 'approuvé', rejected: 'refusé', superseded: 'dépassé' },
  whichOnes: 'Lesquels',
  approve: 'Approuver : les supprimer',
  reject: 'Refuser : les garder',
};
