import type { DeviationKind, TemplateEditKind } from '../../../../../shared/domain/template';
import { several } from './several';

/** Texts of templates: settings that are edited once for many kitchens. */
export const templatesEnglish = {
  templates: 'Templates',
  template: 'Template',
  templatesMeaning: 'Settings that are edited once for many kitchens of one customer.',
  noTemplates: 'No template yet',
  noTemplatesAdvice:
    'A template holds limits, the cleaning plan or products that all kitchens of a chain share.',
  addTemplate: 'Add a template',
  renameTemplate: 'Rename',
  deleteTemplate: 'Delete the template',
  confirmDeleteTemplate: 'Delete the template? The kitchens keep all their values.',
  kitchens: 'Kitchens',
  kitchen: 'Kitchen',
  inTemplate: 'What the template holds',
  emptyTemplateClasses: 'Classes of which it holds nothing',
  emptyFieldsAreOwn: 'A field that is left empty belongs to each kitchen.',
  confirmRemoveEntity:
    'Remove it from the template? When the template goes out, kitchens that have not changed it delete it.',
  removeFromTemplate: 'Remove from the template',
  takeFromKitchen: 'Take from a kitchen',
  takeFromKitchenHint: 'What the template holds already stays as it is.',
  take: 'Take',
  goesOut: 'What goes out',
  nothingGoesOut: 'All kitchens have what the template holds, or values of their own.',
  wouldChange: (sites: number, entities: number) =>
    `${several(entities, 'entry', 'entries')} in ${several(sites, 'kitchen', 'kitchens')} would change.`,
  difference: 'Difference',
  sendOut: 'Send out',
  confirmSendOut: 'Send the template to all kitchens that follow it? Their own values stay.',
  deviations: 'Deviations',
  deviationsMeaning: 'Where kitchens have values of their own. They stay when the template goes out.',
  noDeviations: 'No kitchen deviates',
  deviate: (sites: number, entities: number) =>
    `${several(sites, 'kitchen has', 'kitchens have')} values of their own, in ${several(entities, 'entry', 'entries')}.`,
  deviationKinds: {
    values: 'own values',
    deleted: 'deleted by the kitchen',
    kept: 'kept by the kitchen',
  } satisfies Record<DeviationKind, string>,
  templateEdits: {
    add: 'is added',
    change: 'changes',
    remove: 'is deleted',
  } satisfies Record<TemplateEditKind, string>,
  blockedByQuarantine: 'A newer copy of the kitchen is in quarantine. Decide about it first.',
  ofTemplate: 'In the template',
  ofKitchen: 'In the kitchen',
  backToTemplate: 'Back to the template',
  backToTemplateAll: 'Bring the whole kitchen back to the template',
  confirmBack: 'Replace the kitchen’s own values by those of the template?',
  noSites: 'No kitchen follows this template',
  joinKitchens: 'Kitchens that follow no template',
  join: 'Let them follow',
  joinHint: 'Their values stay: what differs from the template counts as their own.',
  noCandidates: 'All kitchens of the customer follow a template.',
  leaveTemplate: 'Leave the template',
  confirmLeave: 'Shall the kitchen leave the template? It keeps its values.',
  whatChanges: 'What changes',
  nothingDiffers: 'Nothing would change',
};

export type TemplatesWords = typeof templatesEnglish;
