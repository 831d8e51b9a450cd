import type {
  DocumentPairSettings,
  PairSettings,
  RecordPairSettings,
} from '../../shared/systems/pair-settings';

/**
 * The settings of a pair in the form that the work needs. Documents have no fields, and nothing is written back to
 * them.
 */
export interface WorkedSettings extends Omit<RecordPairSettings, 'holds'> {
  /** Null: it is a pair of records. */
  readonly documents: DocumentPairSettings | null;
}

export function workedSettings(settings: PairSettings): WorkedSettings {
  if (settings.holds === 'records') return { ...settings, documents: null };
  const { here, there, mode, find, deletions, limits, retry, notify } = settings;
  return { ...withoutFields, here, there, mode, find, deletions, limits, retry, notify, documents: settings };
}

const withoutFields = {
  match: { by: [], initial: 'manual' },
  fields: [],
  groups: {},
  lookups: {},
  writeBack: { here: {}, there: {} },
  writeBackSyncing: false,
  statusWords: {},
} as const satisfies Partial<RecordPairSettings>;
