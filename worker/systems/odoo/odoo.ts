import { odooEnd, odooSettings } from '../../../shared/systems/odoo';
import type { Capabilities } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { RemoteSystem, SystemConnector } from '../remote-system';
import { createSchemaCache } from '../schema-cache';
import { callsWithout } from '../unbound-calls';
import type { FieldName } from './field-name';
import { createOpenApi } from './open-api';
import { listPages } from './listing';
import type { Odoo } from './opened';
import { probeOdoo } from './probe';
import { createOdooLoader } from './record-loader';
import { createRecords } from './records';
import type { ModelSchema } from './schema';

/**
 * Odoo, 14 and later. It has records but no tombstones, and compares nothing before a write; an external id makes a
 * creation repeatable.
 */
export function createOdooConnector(): SystemConnector {
  const schemas = createSchemaCache<ModelSchema, FieldName>('model');
  const openApi = createOpenApi();
  return {
    open: async (opening, outside) => {
      const settings = odooSettings.parse(opening.config);
      const api = openApi(settings, outside, opening.secrets);
      const end = opening.end === null ? null : odooEnd.parse(opening.end);
      return openSystem({ settings, end, opening, outside, api, schemas });
    },
    openLoader: (opening, outside) =>
      createOdooLoader(openApi(odooSettings.parse(opening.config), outside, opening.secrets)),
    registerWebhooks: null,
  };
}

const capabilities: Capabilities = {
  changes: 'timestamp',
  deletions: 'none',
  // Each call is a transaction of its own, and none compares revisions: we compare ourselves, right before each write.
  writes: 'conditional',
  creates: 'found',
  // A write returns only `true`: we assume that the record is what we sent, until we have read it again.
  answers: 'sent',
  tree: null,
  content: null,
  deferred: false,
  batch: 200,
};

function openSystem(odoo: Odoo): RemoteSystem {
  const { end, opening } = odoo;
  const probe: RemoteSystem['probe'] = (signal) => probeOdoo(odoo, signal);
  const close = () => Promise.resolve();
  const move = () => Promise.reject(new Trouble('invalid', 'records have no places'));
  if (end === null) return { capabilities, ...callsWithout('a model'), probe, close };
  const records = createRecords(odoo, end);
  return {
    capabilities,
    list: (since, signal) =>
      listPages(
        {
          listRecords: (wish) => records.list(wish, signal),
          newestChange: () => records.newestChange(signal),
          overlapMs: opening.overlapMinutes * 60_000,
        },
        since,
      ),
    fetch: (keys, signal) => records.fetch(keys, signal),
    find: (match, signal) => records.find(match, signal),
    create: (key, draft, signal) => records.create(key, draft, signal),
    update: (key, patch, expected, signal) => records.update(key, patch, expected, signal),
    delete: (key, expected, signal) => records.delete(key, expected, signal),
    move,
    probe,
    fieldTypes: (signal) => records.fieldTypes(signal),
    close,
  };
}
