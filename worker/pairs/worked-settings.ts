import type {
  DocumentPairSettings,
  PairSettings,
  RecordPairSettings,
} from '../../shared/systems/pair-settings';

/**
 * The settings of a pair in the form that the work needs. Documents are not matched by fields, and nothing is written
 * back to them.
 */
export interface WorkedSettings extends Omit<RecordPairSettings, 'holds'> {
  /** Null: it is a pair of records. */
  readonly documents: DocumentPairSettings | null;
}

export function workedSettings(settings: PairSettings): WorkedSettings {
  if (settings.holds === 'records') return { ...settings, documents: null };
  const { here, there, mode, find, deletions, limits, retry, notify } = settings;
  const { fields, groups, lookups } = settings;
  const common = { here, there, mode, find, deletions, limits, retry, notify, fields, groups, lookups };
  return { ...withoutRecords, ...common, documents: settings };
}

const withoutRecords = {
  match: { by: [], initial: 'manual' },
  writeBack: { here: {}, there: {} },
  writeBackSyncing: false,
  statusWords: {},
} as const satisfies Partial<RecordPairSettings>;
