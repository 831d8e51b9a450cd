import { type SqlServerEnd, sqlServerEnd, sqlServerSettings } from '../../../shared/systems/sql-server';
import { Trouble } from '../../pipeline/trouble';
import type { SystemConnector } from '../remote-system';
import { openSqlSystem } from '../sql/sql-system';
import type { TableUse } from '../sql/table';
import { createTrackedChanges, createVersionedChanges } from './changes';
import { sqlServerDialect } from './dialect';
import { createSqlServerDriver } from './driver';
import { loadTedious } from './tedious';

/** SQL Server 2016 and later. Its changes are found by Change Tracking, deletions included, or by a rowversion column. */
export function createSqlServerConnector(): SystemConnector {
  return {
    open: async (opening, outside) => {
      const settings = sqlServerSettings.parse(opening.config);
      const end = opening.end === null ? null : sqlServerEnd.parse(opening.end);
      const isTracked = settings.changes === 'tracking';
      if (end !== null && !isTracked && end.revision === undefined)
        throw new Trouble(
          'fields',
          `"changes: rowversion" needs the name of that column: "revision" of ${end.table}`,
        );
      return openSqlSystem({
        opening,
        outside,
        dialect: sqlServerDialect(isTracked),
        driver: createSqlServerDriver(settings, loadTedious()),
        password: settings.auth.password,
        use: end === null ? null : useOf(end, opening.fields),
        changes: { changes: 'delta', deletions: isTracked ? 'each' : 'none' },
        changeSource: isTracked ? createTrackedChanges : createVersionedChanges,
        probe: { isTlsChecked: settings.tls === 'verify', besides: async () => [] },
      });
    },
    registerWebhooks: null,
  };
}

const useOf = (end: SqlServerEnd, fields: readonly string[]): TableUse => ({
  table: end.table,
  key: end.key,
  revision: end.revision ?? null,
  revisionKind: 'rowversion',
  wantsOwnRevisions: false,
  syncKey: end.syncKey ?? null,
  fields,
});
