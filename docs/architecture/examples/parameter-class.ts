import { choice, text } from '../../../shared/catalog/column';
import { parameters } from '../../../shared/catalog/parameter-class';

/** One more member of `parameterClasses`: the file `IceMachines.xml` of items `DefIceMachines`. */
export const iceMachineSettings = parameters(
  'IceMachines',
  { en: 'Ice machines', fr: 'Machines à glaçons' },
  [
    text('Name', { en: 'Name', fr: 'Nom' }),
    choice(
      'Water',
      { en: 'Water', fr: 'Eau' },
      {
        mains: { en: 'from the mains', fr: 'du réseau' },
        filtered: { en: 'filtered', fr: 'filtrée' },
      },
    ),
  ],
  { conflictPolicy: 'manager' },
);
