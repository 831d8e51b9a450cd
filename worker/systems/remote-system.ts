import type { System } from '../pipeline/system';
import type { Probe } from './probe';
import type { RecordLoader } from './record-loader';
import type { PathTree } from './tree/path-tree';

export type { Finding, Probe } from './probe';

/** One installed system that pairs are made with: what the steps of a run see of it, and what its operator asks of it. */
export interface RemoteSystem extends System {
  /** Asks the server what it really does. It leaves nothing behind, and says what is wrong instead of throwing it. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** What its own fields are that the pair reads or writes, by their names. Left out: it does not tell. */
  readonly fieldTypes?: (signal: AbortSignal) => Promise<FieldTypes>;
  close(): Promise<void>;
}

export type FieldTypes = Readonly<Record<string, FieldType>>;

export interface FieldType {
  /** In the system's words. Another text: it has become another field. */
  readonly type: string;
  /** No record can do without it. */
  readonly isRequired: boolean;
}

/** What a connector opens. */
export interface SystemOpening {
  /** As the schema of its kind wants it. The values of `${NAME}` are filled in. */
  readonly config: unknown;
  /**
   * The pair's `here` or `there`, as the schema of its kind wants it. Null: the installed system alone, to probe or to
   * prepare it; such a system lists nothing.
   */
  readonly end: unknown;
  /** Its own fields that the pair reads or writes, those that are written back included. */
  readonly fields: readonly string[];
  /** How far back a listing of changes goes before its cursor, for what was committed late. */
  readonly overlapMinutes: number;
  /** Values that nobody may see: whatever is recorded of a call shows `…` instead. */
  readonly secrets: readonly string[];
}

/** Opens a system of one kind. It makes no call. Throws where the settings do not fit. */
export type SystemFactory = (opening: SystemOpening, outside: Outside) => Promise<RemoteSystem>;

/**
 * Opens the folder that `end` names, of one installed system. Of an `end` that is null, the whole: it is only probed.
 * It makes no call. Throws where the settings do not fit.
 */
export type TreeFactory = (opening: SystemOpening, outside: Outside) => Promise<PathTree>;

/** What the worker can do with a kind of systems. */
export type Connector = SystemConnector | TreeConnector;

/** Of a kind whose items have keys of their own. */
export interface SystemConnector {
  readonly open: SystemFactory;
  /** Opens the installed system to load records of any model. Left out: that kind cannot. */
  readonly openLoader?: (opening: SystemOpening, outside: Outside) => RecordLoader;
  /** Asks the system to call us at every change. Null: that kind cannot. */
  readonly registerWebhooks: RegisterWebhooks | null;
}

/** Of a kind whose items have no key but their path. The pair's own index gives them keys. */
export interface TreeConnector {
  readonly openTree: TreeFactory;
  readonly openLoader?: undefined;
  readonly registerWebhooks: null;
}

/**
 * Registers an address for all changes of an entity, and takes away what was registered there before. Answers the keys
 * that sign its calls, by the system's own id of each registration.
 */
export type RegisterWebhooks = (
  opening: SystemOpening,
  outside: Outside,
  wish: { readonly entity: string; readonly url: string },
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>>>;

/** How a connector reaches the world. All openings of an installed system share one limiter. */
export interface Outside {
  /** The system's name, for whoever observes its calls. */
  readonly system: string;
  readonly limiter: Limiter;
  /** Told of each call once it has ended, in the asynchronous context of whoever made it. */
  readonly observe: (call: ObservedCall) => void;
}

/** Lets calls through, so many at once and so many a second. */
export interface Limiter {
  /** Runs it once it is its turn. Throws what the signal says, and `throttled` while the system rests. */
  run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The server has asked for it: no call is let through before that time is over, those that wait for their turn included. */
  rest(milliseconds: number): void;
}

/** A call that has ended, without secrets. */
export interface ObservedCall {
  readonly system: string;
  /** The connector's word for it: `list`, `fetch`, `find`, `create`, `update`, `delete`, `probe`, `token`… */
  readonly operation: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Null: there was no answer. */
  readonly status: number | null;
  readonly milliseconds: number;
  readonly startedAt: Date;
  /** Up to 4,000 characters of what was sent; null: nothing was. */
  readonly request: string | null;
  /** Up to 4,000 characters of the answer; null: there was none, or it was no text. */
  readonly answer: string | null;
  /** Why there was no answer, or none that could be used. */
  readonly fault: string | null;
}
