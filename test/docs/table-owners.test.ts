import { pageOf } from './markdown';
import { tableWrites } from './table-writes';

// One table has one owner: the room that docs/architecture/tables.md names. Others ask its store.

/** The two rooms of one subject: what staff do, and what workers do with whole sets. */
const sameSubject: Readonly<Record<string, string>> = {
  'worker/alerts': 'shared/stores/alerts',
  'worker/solution-sync/logs': 'shared/stores/logs',
};

/** Who else writes a table, and why it must be so. */
const otherWriters: readonly (readonly [file: string, table: string, why: string])[] = [
  [
    'shared/stores/jobs/job-store.ts',
    'sync',
    'Two workers may race for a job: one statement takes it and begins its sync, or does neither.',
  ],
  [
    'shared/stores/syncs/sync-steps.ts',
    'job',
    'Queueing and ending a sync is one statement each, with its job: workers race for it, and a round trip costs.',
  ],
  [
    'shared/stores/syncs/sync-steps.ts',
    'solution_flag',
    'The statement that queues an upload marks the flags that this upload honours: neither may stand alone.',
  ],
  [
    'shared/db/queue-message.ts',
    'queue_message',
    'It is the SQL of the queue for those who send the message of a job in the statement that inserts the job.',
  ],
  [
    'shared/stores/syncs/status-store.ts',
    'solution_quota',
    'Requests race for a channel and for what is left of a quota: one statement takes both or neither.',
  ],
  [
    'shared/stores/syncs/status-store.ts',
    'account_quota',
    'Requests race for a channel and for what is left of a quota: one statement takes both or neither.',
  ],
];

/** Only these write tables whose names are known when they run: the logs, and what goes with a solution. */
const namedWhenTheyRun = [
  'shared/stores/logs/',
  'worker/solution-sync/logs/',
  'shared/stores/solutions/account-data-store.ts',
];

const owners = new Map(
  pageOf('docs/architecture/tables.md')
    .text.split('\n')
    .flatMap((line): [string, string][] => {
      const [, table, room] = /^\| `(\w+)`\s*\| `([^`]+)`/.exec(line) ?? [];
      return table === undefined || room === undefined ? [] : [[table, room]];
    }),
);
const writes = tableWrites(new Set(owners.keys()));

const roomOf = (file: string) => {
  const room = Object.keys(sameSubject).find((one) => file.startsWith(`${one}/`));
  return room === undefined ? file : `${sameSubject[room] ?? ''}/`;
};

function isOwned(file: string, table: string): boolean {
  const owner = owners.get(table) ?? '';
  return `${roomOf(file)}/`.startsWith(`${sameSubject[owner] ?? owner}/`);
}

test('only the folder that owns a table writes it', () => {
  const known = new Set(otherWriters.map(([file, table]) => `${file} writes ${table}`));
  const strangers = writes.flatMap(({ file, table }) =>
    table === null || isOwned(file, table) ? [] : [`${file} writes ${table}`],
  );
  expect([...new Set(strangers)].filter((one) => !known.has(one))).toEqual([]);
});

test('every exception in the list of writers is still needed', () => {
  const written = new Set(writes.map(({ file, table }) => `${file} ${table ?? ''}`));
  expect(otherWriters.filter(([file, table]) => !written.has(`${file} ${table}`))).toEqual([]);
});

test('only logs, and tables that are removed with a solution, have variable names in SQL', () => {
  const files = [...new Set(writes.flatMap(({ file, table }) => (table === null ? [file] : [])))];
  expect(files.filter((file) => !namedWhenTheyRun.some((room) => file.startsWith(room)))).toEqual([]);
});

test('every table has a writer, except those that triggers keep', () => {
  const written = new Set(writes.map(({ table }) => table));
  const kept = [...owners.keys()].filter((table) => !written.has(table));
  expect(kept).toEqual(['form_owner', 'probe_readings_due', 'solution_old_zone']);
});
