import type { Direction } from '../../../../../shared/catalog/parameter-classes';
import { several } from './several';

/** Texts of the settings of a kitchen. */
export const paramsEnglish = {
  class: 'Class',
  editedBy: 'Edited by',
  directions: {
    both: 'both sides',
    manager: 'the manager alone',
    solution: 'the solution alone',
  } satisfies Record<Direction, string>,
  entities: 'Entities',
  due: 'to be sent',
  held: 'held',
  parked: 'parked',
  agreed: 'agreed',
  failedTimes: (count: number) => `failed ${count}×`,
  noParams: 'No settings yet',
  noParamsAdvice: 'They arrive with the first synchronisation of the solution.',
  emptyClasses: 'Classes without entities',
  addEntity: 'Add one',
  noEntities: 'Nothing in this class',
  values: 'Values',
  history: 'History',
  entity: 'Entity',
  idHint: 'A number or a word that is unique in its class.',
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  undeclaredFields: (count: number) =>
    `${several(count, 'more field', 'more fields')}, kept as the solution sent them`,
  confirmDelete: 'Delete it on the solution as well?',
  onlySolutionEdits: 'Only the solution edits this class.',
  couldNotCarryOut: (reason: string) => `The solution could not carry it out: ${reason}`,
  fromSync: 'from this synchronisation',
  theSolution: 'the solution',
};

export type ParamsWords = typeof paramsEnglish;
