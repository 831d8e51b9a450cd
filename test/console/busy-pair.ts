import { readFile } from 'node:fs/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { createLinkService } from '../../api/backoffice/services/links';
import { createPairRunService } from '../../api/backoffice/services/pair-runs';
import { createSystemService } from '../../api/backoffice/services/systems';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import type { TestServer } from '../setup/server';
import { type AdvowareFake, startAdvowareFake } from '../systems/fakes/advoware-fake';
import { type EspocrmFake, prepareBeteiligte, startEspocrmFake } from '../systems/fakes/espocrm-fake';

/** A pair between two systems, worked on by the worker of a test server: there is something on every page about it. */
export interface BusyPair {
  readonly espo: EspocrmFake;
  readonly advoware: AdvowareFake;
  readonly name: string;
  /** Links by the last name of the person. */
  readonly linkOf: (lastName: string) => Promise<string>;
  /** The work on a record of EspoCRM that has no counterpart. */
  readonly jobOf: (lastName: string) => Promise<string>;
  /** Looks for changes, and waits until that is over. */
  readonly run: (kind?: 'check' | 'whole') => Promise<void>;
  /** Names the record, as a webhook does, and does not wait for the result. */
  readonly hint: (lastName: string) => Promise<void>;
  readonly edit: (lastName: string, fields: object) => void;
  readonly remove: (lastName: string) => void;
  readonly editThere: (name: string, fields: object) => void;
  readonly removeThere: (name: string) => void;
  end(): Promise<void>;
}

export const person = (lastName: string, firstName: string, dateOfBirth: string) => ({
  lastName,
  firstName,
  dateOfBirth,
  salutationName: 'Ms.',
  phoneNumber: '+49 30 123456',
});

const people = [
  person('Meier', 'Zoë', '1975-06-07'),
  person('Okafor', 'Chidi', '1988-09-10'),
  person('Petit', 'Léa', '1990-01-02'),
  person('Rossi', 'Ugo', '1969-12-24'),
];

/**
 * The pair of docs/sandbox.yaml, which plans until somebody approves. Both systems belong to the account. `rewrite`
 * changes the file before it is applied.
 */
export async function openPairOf(
  server: TestServer,
  accountId: number,
  rewrite: (file: string) => string = (file) => file,
): Promise<BusyPair> {
  const espo = await startEspocrmFake();
  const advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  for (const fields of people) espo.add('CBeteiligte', fields);
  advoware.add({ name: 'Yilmaz', vorname: 'Deniz', geburtsdatum: '1992-11-30T00:00:00', anrede: 'Herr' });
  await applyFile(server, accountId, { espo, advoware, rewrite });
  const runs = createPairRunService(openStoreAccess(server.db));
  const name = 'beteiligte';
  const row = (lastName: string) =>
    [...espo.entity('CBeteiligte').rows.values()].find((one) => one['lastName'] === lastName);
  /** The newest one. */
  const jobOf = async (lastName: string): Promise<string> => {
    const key = row(lastName)?.id ?? '';
    const found = await server.db.raw<{ rows: { id: string }[] }>(
      `select id from link_job where side = 'here' and key = ? order by id desc limit 1`,
      [key],
    );
    return newestOf(found.rows, lastName);
  };

  return {
    espo,
    advoware,
    name,
    async linkOf(lastName) {
      const found = await server.db.raw<{ rows: { id: string }[] }>(
        `select link_id as id from link_end where seen -> 'fields' ->> 'lastName' = ? order by 1 desc limit 1`,
        [lastName],
      );
      return newestOf(found.rows, lastName);
    },
    jobOf,
    edit: (lastName, fields) => void espo.edit('CBeteiligte', row(lastName)?.id ?? '', fields),
    remove: (lastName) => espo.remove('CBeteiligte', row(lastName)?.id ?? ''),
    editThere(lastName, fields) {
      for (const [betNr, one] of advoware.rows) if (one['name'] === lastName) advoware.edit(betNr, fields);
    },
    async hint(lastName) {
      const links = createLinkService(openStoreAccess(server.db));
      await links.addJob(commandLineCaller, name, { side: 'here', key: row(lastName)?.id ?? '' });
    },
    removeThere(name) {
      for (const [betNr, one] of advoware.rows) if (one['name'] === name) advoware.remove(betNr);
    },
    async run(kind = 'check') {
      const id = await runs.run(commandLineCaller, name, kind);
      await eventually('the run is over', async () => {
        const found = await server.db.raw<{ rows: { state: string }[] }>(
          'select state from pair_run where id = ?',
          [id],
        );
        return found.rows[0]?.state === 'ended';
      });
    },
    async end() {
      await Promise.all([espo.close(), advoware.close()]);
    },
  };
}

function newestOf([newest]: readonly { readonly id: string }[], lastName: string): string {
  if (newest === undefined) throw new Error(`there is nothing of ${lastName}`);
  return newest.id;
}

async function applyFile(
  server: TestServer,
  accountId: number,
  { espo, advoware, rewrite }: Pick<BusyPair, 'espo' | 'advoware'> & { rewrite: (file: string) => string },
): Promise<void> {
  const access = { ...openStoreAccess(server.db), seal: createSeal([]) };
  const text = rewrite(await readFile('docs/sandbox.yaml', 'utf8'))
    .replace('http://127.0.0.1:8470', espo.url)
    .replace('http://127.0.0.1:8471', advoware.url)
    .replace('mode: run', 'mode: off')
    .replace('notiz: { conflict: { merge: append-lines } }', 'notiz: { conflict: manual }')
    // Only what a test asks for is done.
    .replace("check: '* * * * *'", "check: '0 0 1 1 *'");
  const apply = async (file: string): Promise<void> => {
    const applied = await applyPairFile(access, commandLineCaller, { text: file, isTrial: false });
    if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  };
  await apply(text);
  const systems = createSystemService(access);
  for (const [name, secrets] of [
    ['espo', { ESPO_KEY: espo.apiKey }],
    ['advoware', { ADVO_KEY: advoware.auth.apiKey, ADVO_PASSWORD: advoware.auth.password }],
  ] as const) {
    const { kind, config } = await systems.get(commandLineCaller, name);
    await systems.put(commandLineCaller, { name, kind, config, secrets, accountId }, null);
  }
  // The worker looks at the pair only once the secrets are there: a system without them would be paused.
  await apply(text.replace('mode: off', 'mode: plan'));
}
