import { createSystemService } from '../../api/backoffice/services/systems';
import type { Db } from '../../shared/db/database';
import { commandLineCaller } from '../../shared/domain/staff';
import type { Seal } from '../../shared/seal/seal';
import { openStoreAccess } from '../../shared/stores/store-access';
import type { RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import type { Json } from '../../shared/systems/references';
import type { SosyncSettings } from './settings';

type Written = Readonly<Record<string, Json>>;

/** The address and the credentials of a system, from the file of the service. */
interface Access {
  readonly host: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * The systems of the instance get the host and the credentials of the service's file; the password is stored as a
 * secret. Returns the names of the settings that changed. Throws a sentence.
 */
export async function replaceAccess(
  { db, seal }: { readonly db: Db; readonly seal: Seal },
  settings: SosyncSettings,
): Promise<string[]> {
  const access = openStoreAccess(db);
  const instance = await access.stores.sosyncInstances.find(settings.instance);
  if (instance === null) return [];
  const wanted = [
    {
      name: instance.systems.fs,
      to: {
        host: settings.studio_mssql_host,
        user: settings.studio_sosync_user,
        password: settings.studio_sosync_pw,
      },
    },
    {
      name: instance.systems.fso,
      to: {
        host: settings.online_host,
        user: settings.online_sosync_user,
        password: settings.online_sosync_pw,
      },
    },
  ].filter(({ to }) => Object.values(to).some((value) => value !== undefined));
  const systems = createSystemService({ ...access, seal });
  const changed: string[] = [];
  for (const { name, to } of wanted) {
    const system = await systems.get(commandLineCaller, name);
    const put = { name, kind: system.kind, config: configWith(system, to) };
    const { outcome } = await systems.put(commandLineCaller, put, null);
    if (outcome !== 'unchanged') changed.push(name);
  }
  return changed;
}

function configWith(system: RemoteSystemEntry, to: Access): Written {
  const config = objectOf(system.config);
  switch (system.kind) {
    case 'sql-server':
    case 'postgresql':
      return {
        ...config,
        ...(to.host === undefined ? {} : hostOf(to.host)),
        auth: { ...objectOf(config['auth']), ...named('user', to.user), ...named('password', to.password) },
      };
    case 'odoo':
      return { ...config, ...named('url', urlOf(to.host)), auth: odooAuth(config, to) };
    case 'espocrm':
    case 'advoware':
    case 'file-tree':
    case 'kitchen-files':
    case 'webdav':
    case 'sharepoint':
    case 'elo':
      throw new Error(
        `The system ${system.name} is of the kind ${system.kind}: the pair file says where it is, not the file of the service.`,
      );
  }
}

/** JSON-2 has keys but no users. */
function odooAuth(config: Written, to: Access): Written {
  const auth = objectOf(config['auth']);
  return 'apiKey' in auth
    ? { ...auth, ...named('apiKey', to.password) }
    : { ...auth, ...named('user', to.user), ...named('password', to.password) };
}

/** `host`, `host,port` as SQL Server's own programs write it, or `host:port`. */
function hostOf(written: string): Written {
  const [, host = written, port] = /^(.+?)[,:](\d{1,5})$/.exec(written) ?? [];
  return { host, ...(port === undefined ? {} : { port: Number(port) }) };
}

const urlOf = (written: string | undefined): string | undefined =>
  written === undefined || /^https?:\/\//i.test(written) ? written : `https://${written}`;

const named = (name: string, value: string | undefined): Written =>
  value === undefined ? {} : { [name]: value };

const objectOf = (json: Json | undefined): Written => (isObject(json) ? json : {});

const isObject = (json: Json | undefined): json is Written =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
