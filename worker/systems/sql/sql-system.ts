import type { Capabilities } from '../../pipeline/system';
import type { RemoteSystem, SystemOpening } from '../remote-system';
import type { Outside } from '../remote-system';
import { callsWithout } from '../unbound-calls';
import { createSqlCalls } from './calls';
import type { SqlDialect } from './dialect';
import type { SqlDriver } from './driver';
import { type ChangeSource, listTable } from './listing';
import { type OpenedTable, openTable } from './opened-table';
import { probeSql, type SqlProbe } from './probe';
import { createSqlRecords } from './records';
import { tableNameOf, type TableUse, typesOf } from './table';

/** An opened database: the parts in which the kinds differ. */
export interface SqlOpening {
  readonly opening: SystemOpening;
  readonly outside: Outside;
  readonly dialect: SqlDialect;
  readonly driver: SqlDriver;
  readonly password: string;
  /** Null: only the installed system was opened. */
  readonly use: TableUse | null;
  readonly changes: Pick<Capabilities, 'changes' | 'deletions'>;
  /** Null: the table is listed whole every time. */
  readonly changeSource: ((opened: OpenedTable) => ChangeSource) | null;
  readonly probe: SqlProbe;
}

/** The rows of one table as items. It makes no call. */
export function openSqlSystem(sql: SqlOpening): RemoteSystem {
  const { opening, outside, dialect, driver, password, use } = sql;
  const secrets = [...opening.secrets, password];
  const calls = createSqlCalls({ outside, driver, secrets, judge: dialect.judge });
  const opened =
    use === null ? null : openTable(dialect, calls, use, tableNameOf(use.table, dialect.usualSchema));
  const ends: Pick<RemoteSystem, 'capabilities' | 'probe' | 'close'> = {
    capabilities: capabilitiesOf(sql),
    probe: (signal) => probeSql({ ...sql.probe, calls, dialect, opened }, signal),
    close: () => calls.close(),
  };
  if (opened === null) return { ...ends, ...callsWithout('a table') };
  const source = sql.changeSource?.(opened) ?? null;
  return {
    ...ends,
    ...createSqlRecords(opened),
    fieldTypes: async (signal) => typesOf(await opened.used(signal)),
    list: (since, signal) => listTable(opened, source, since, signal),
  };
}

const capabilitiesOf = ({ use, changes }: SqlOpening): Capabilities => ({
  ...changes,
  // If rows have no revision, we compare ourselves, right before each write.
  writes: 'conditional',
  // The column needs a sync key of ours: a key that the other system chose is not one.
  creates: use === null || use.syncKey === null ? 'plain' : 'found',
  answers: 'stored',
  tree: null,
  content: null,
  deferred: false,
  batch: 100,
});
