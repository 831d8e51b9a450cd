import {
  type DatabaseAndOdoo,
  openDatabaseAndOdoo,
  partnerOf,
  partnersOf,
  type Person,
  type StudioKind,
} from './database-and-odoo';
import {
  ask,
  createPath,
  objectIn,
  openSosyncPair,
  type SosyncPair,
  sosyncServices,
  type SosyncServices,
  until,
} from './sosync-pair';

// The INI file of the service says where the systems are and who signs in there, whatever the pair file says of it.

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Every address and user in the pair file is wrong. */
async function misplaced(kind: StudioKind): Promise<{ systems: DatabaseAndOdoo; services: SosyncServices }> {
  const systems = await openDatabaseAndOdoo(kind, {
    fs: { host: '127.0.0.1', port: 1, auth: { user: 'nobody', password: '${NOT_SET}' } },
    fso: { url: 'http://127.0.0.1:1', auth: { apiKey: '${NOT_SET}' } },
  });
  const services = sosyncServices({ databaseUrl: systems.pair.database.url });
  ends.push(
    () => systems.end(),
    () => services.end(),
  );
  return { systems, services };
}

const access = ({ studioAccess: { host, port, user, password }, odoo }: DatabaseAndOdoo) => ({
  studio_mssql_host: `${host},${port}`,
  studio_sosync_user: user,
  studio_sosync_pw: password,
  online_host: odoo.url,
  online_sosync_pw: odoo.apiKey,
});

const kept = ({ pair }: DatabaseAndOdoo) =>
  pair.rows<{ name: string; config: Record<string, unknown>; version: number }>(
    'select name, config, version from remote_system order by name',
  );

const anna: Person = { Name: 'Huber', Vorname: 'Anna', Geburtsdatum: '1980-02-03' };

describe.each<[StudioKind]>([['sql-server'], ['postgresql']])('%s and Odoo', (kind) => {
  test('studio_* and online_* replace the host and the credentials, and a job is done there', async () => {
    const { systems, services } = await misplaced(kind);
    const { url } = await services.serve(access(systems));
    const key = await systems.studio.add(anna);
    const { id } = objectIn(
      await ask(url + createPath({ source_model: 'dbo.Person', source_record_id: key })),
    );
    const job = await until(async () => {
      await systems.pair.settle();
      const told = objectIn(await ask(`${url}/job/info/${String(id)}`));
      return told['job_end'] !== null && told;
    });
    expect(job).toMatchObject({ job_state: 'done', target_record_id: partnerOf(systems.odoo, 'Huber') });
    expect(partnersOf(systems.odoo)).toEqual([anna]);
  });

  test('the passwords are kept as secrets, and what is not said stays; started again, nothing changes', async () => {
    const { systems, services } = await misplaced(kind);
    const before = await kept(systems);
    const { studio_sosync_user: user, ...rest } = access(systems);
    await services.serve(rest);
    const [fs, fso] = await kept(systems);
    const { host, port } = systems.studioAccess;
    expect(fs?.config).toMatchObject({
      ...before[0]?.config,
      host,
      port,
      auth: { user: 'nobody', password: '${AUTH_PASSWORD}' },
    });
    expect(fso?.config).toMatchObject({
      url: systems.odoo.url,
      database: systems.odoo.database,
      auth: { apiKey: '${AUTH_API_KEY}' },
    });
    const again = await services.serve(rest);
    expect(await kept(systems)).toEqual([fs, fso]);
    await again.stop();
    await services.serve({ ...rest, studio_sosync_user: user });
    expect((await kept(systems))[0]?.config).toMatchObject({ auth: { user, password: '${AUTH_PASSWORD}' } });
  });
});

test('a system of another kind is replaced by nothing: the service says so, and does not start', async () => {
  const sosync: SosyncPair = await openSosyncPair();
  ends.push(() => sosync.end());
  await expect(sosync.serve({ studio_mssql_host: 'mssql.example' })).rejects.toThrow(
    'The system espo is of the kind espocrm: the pair file says where it is, not the file of the service.',
  );
});
