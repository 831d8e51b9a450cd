import { temperature, text } from '../../../shared/catalog/column';
import { synchro } from '../../../shared/catalog/log-table';

/** One more member of `logTables`. */
export const iceMachines = synchro(
  'Tbicemachine',
  { en: 'Ice machines', fr: 'Machines à glaçons' },
  text('MachineName', { en: 'Machine', fr: 'Machine' }),
  temperature('WaterTemp', { en: 'Temperature of the water', fr: 'Température de l’eau' }),
);
