import { advoware } from './advoware';
import { elo } from './elo';
import { espocrm } from './espocrm';
import { fileTree } from './file-tree';
import { kitchenFiles } from './kitchen-files';
import { odoo } from './odoo';
import { postgresql } from './postgresql';
import { sharepoint } from './sharepoint';
import { sqlServer } from './sql-server';
import type { SystemKind, SystemKindName } from './system-kind';
import { webdav } from './webdav';

/** All kinds of systems. A new kind is one declaration here, and one connector in the worker. */
export const systemKinds: Readonly<Record<SystemKindName, SystemKind>> = {
  espocrm,
  advoware,
  odoo,
  'sql-server': sqlServer,
  postgresql,
  'file-tree': fileTree,
  webdav,
  sharepoint,
  elo,
  'kitchen-files': kitchenFiles,
};
