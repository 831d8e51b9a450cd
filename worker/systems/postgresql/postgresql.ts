import { type PostgresqlEnd, postgresqlEnd, postgresqlSettings } from '../../../shared/systems/postgresql';
import type { Finding } from '../probe';
import type { SystemConnector } from '../remote-system';
import type { OpenedTable } from '../sql/opened-table';
import { openSqlSystem } from '../sql/sql-system';
import type { TableDescription, TableUse } from '../sql/table';
import { createTimedChanges } from './changes';
import { postgresqlDialect } from './dialect';
import { createPostgresqlDriver } from './driver';

/**
 * PostgreSQL. It has no tombstones. If the revision is a column with the time of the last change, changes can be listed
 * by it; with `xmin` the table is listed whole each time.
 */
export function createPostgresqlConnector(): SystemConnector {
  return {
    open: async (opening, outside) => {
      const settings = postgresqlSettings.parse(opening.config);
      const end = opening.end === null ? null : postgresqlEnd.parse(opening.end);
      const use = end === null ? null : useOf(end, opening.fields);
      const isTimed = use !== null && use.revision !== null;
      return openSqlSystem({
        opening,
        outside,
        dialect: postgresqlDialect,
        driver: createPostgresqlDriver(settings),
        password: settings.auth.password,
        use,
        changes: { changes: isTimed ? 'timestamp' : 'scan', deletions: 'none' },
        changeSource: isTimed ? (opened) => createTimedChanges(opened, opening.overlapMinutes) : null,
        probe: { isTlsChecked: settings.tls === 'verify', besides: revisionFindings },
      });
    },
    registerWebhooks: null,
  };
}

const useOf = (end: PostgresqlEnd, fields: readonly string[]): TableUse => ({
  table: end.table,
  key: end.key,
  revision: end.revision === 'xmin' ? null : end.revision,
  revisionKind: null,
  wantsOwnRevisions: end.revision === 'xmin',
  syncKey: end.syncKey ?? null,
  fields,
});

/** If a program changes a row and does not set the column of the revision, nobody sees that change. */
async function revisionFindings(
  { use }: OpenedTable,
  description: TableDescription,
): Promise<readonly Finding[]> {
  const column = description.columns.find(({ name }) => name === use.revision);
  if (column === undefined || description.hasEarlyTriggers) return [];
  return [
    {
      level: 'warning',
      code: 'revision-untended',
      message: `No trigger of ${use.table} sets ${column.name}: a change by someone who does not set it is not seen.`,
      about: [column.name],
    },
  ];
}
