import type { SystemKindName } from '../../shared/systems/system-kind';
import { createAdvowareConnector } from './advoware/advoware';
import { createEloConnector } from './elo/elo';
import { createEspocrmConnector } from './espocrm/espocrm';
import { createFileTreeConnector } from './file-tree/file-tree';
import { createOdooConnector } from './odoo/odoo';
import { createPostgresqlConnector } from './postgresql/postgresql';
import { createKitchenFilesConnector } from './kitchen-files/kitchen-files';
import type { KitchenFilesDeps } from './kitchen-files/own-data';
import type { Connector } from './remote-system';
import { createSharepointConnector } from './sharepoint/sharepoint';
import { createSqlServerConnector } from './sql-server/sql-server';
import { createWebdavConnector } from './webdav/webdav';

/** The connectors of this version. `own`: left out where nothing of this installation is read. */
export const createConnectors = (
  own?: KitchenFilesDeps,
): Readonly<Partial<Record<SystemKindName, Connector>>> => ({
  espocrm: createEspocrmConnector(),
  advoware: createAdvowareConnector(),
  elo: createEloConnector(),
  odoo: createOdooConnector(),
  postgresql: createPostgresqlConnector(),
  'sql-server': createSqlServerConnector(),
  sharepoint: createSharepointConnector(),
  'file-tree': createFileTreeConnector(),
  webdav: createWebdavConnector(),
  ...(own === undefined ? {} : { 'kitchen-files': createKitchenFilesConnector(own) }),
});
