import type { System } from '../pipeline/system';
import type { Finding, Probe } from './probe';
import type { RecordLoader } from './record-loader';
import type { PathTree } from './tree/path-tree';

/** One installed system that pairs use: the part that the steps of a run use, and the part that its operator uses. */
export interface RemoteSystem extends System {
  /** Finds out what the server can really do. It leaves nothing behind, and reports faults instead of throwing them. */
  probe(signal: AbortSignal): Promise<Probe>;
  /**
   * The types of the system's own fields that the pair reads or writes, by name. Left out: the system does not report
   * them.
   */
  readonly fieldTypes?: (signal: AbortSignal) => Promise<FieldTypes>;
  close(): Promise<void>;
}

export type FieldTypes = Readonly<Record<string, FieldType>>;

export interface FieldType {
  /** The type in the system's own words. If the text changes, the field has changed. */
  readonly type: string;
  /** Every record needs a value of this field. */
  readonly isRequired: boolean;
}

/** What a connector opens. */
export interface SystemOpening {
  /** According to the schema of its kind. The values of `${NAME}` are filled in. */
  readonly config: unknown;
  /**
   * The pair's `here` or `there`, according to the schema of its kind. Null: only the installed system, to probe or to
   * prepare it; such a system lists nothing.
   */
  readonly end: unknown;
  /** The system's own fields that the pair reads or writes, including those that are written back. */
  readonly fields: readonly string[];
  /** How long before its cursor a listing of changes begins, to include late commits. */
  readonly overlapMinutes: number;
  /** The account whose data of this installation may be used. Null, or left out: of all accounts. */
  readonly accountId?: number | null;
  /** Values that nobody may see: the record of a call shows `…` instead. */
  readonly secrets: readonly string[];
  /** What the last probe of the installed system found. Left out: nobody has probed it. */
  readonly found?: readonly Finding[];
}

/** Opens a system of one kind. It makes no call. Throws if the settings are invalid. */
export type SystemFactory = (opening: SystemOpening, outside: Outside) => Promise<RemoteSystem>;

/**
 * Opens the folder that `end` names, of one installed system. Of an `end` that is null, the whole: it is only probed.
 * It makes no call. Throws where the settings do not fit.
 */
export type TreeFactory = (opening: SystemOpening, outside: Outside) => Promise<PathTree>;

/** What the worker can do with one kind of system. */
export type Connector = SystemConnector | TreeConnector;

/** Of a kind whose items have keys of their own. */
export interface SystemConnector {
  readonly open: SystemFactory;
  /** Opens the installed system to load records of any model. Left out: this kind cannot. */
  readonly openLoader?: (opening: SystemOpening, outside: Outside) => RecordLoader;
  /** Asks the system to call us at every change. Null: this kind cannot. */
  readonly registerWebhooks: RegisterWebhooks | null;
}

/** Of a kind whose items have no key but their path. The pair's own index gives them keys. */
export interface TreeConnector {
  readonly openTree: TreeFactory;
  readonly openLoader?: undefined;
  readonly registerWebhooks: null;
}

/**
 * Registers an address for all changes of an entity, and removes earlier registrations. Returns the keys that sign the
 * calls, by the system's own id of each registration.
 */
export type RegisterWebhooks = (
  opening: SystemOpening,
  outside: Outside,
  wish: { readonly entity: string; readonly url: string },
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>>>;

/** How a connector reaches its system. All openings of an installed system share one limiter. */
export interface Outside {
  /** The system's name, for the observer of its calls. */
  readonly system: string;
  readonly limiter: Limiter;
  /** Is called after each call has ended, in the asynchronous context of the caller. */
  readonly observe: (call: ObservedCall) => void;
}

/** Limits how many calls run at once and how many begin each second. */
export interface Limiter {
  /**
   * Runs the call when it is its turn. Throws the signal's reason if it is aborted, and `throttled` while the system is
   * throttled.
   */
  run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * Throttles the system because its server has asked for it: no call begins before that time is over, not even one
   * that already waits.
   */
  rest(milliseconds: number): void;
}

/** A call that has ended, without secrets. */
export interface ObservedCall {
  readonly system: string;
  /** The connector's name of the call: `list`, `fetch`, `find`, `create`, `update`, `delete`, `probe`, `token`… */
  readonly operation: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Null: there was no response. */
  readonly status: number | null;
  readonly milliseconds: number;
  readonly startedAt: Date;
  /** Up to 4,000 characters of the request body; null: there was none. */
  readonly request: string | null;
  /** Up to 4,000 characters of the response; null: there was none, or it was not a text. */
  readonly answer: string | null;
  /** Why there was no response, or no usable one. */
  readonly fault: string | null;
}
