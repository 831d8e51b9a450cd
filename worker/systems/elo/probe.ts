import { z } from 'zod';
import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import type { Archive } from './archive';
import { ixCodes, unless } from './faults';
import type { Elo } from './opened';
import type { Sord } from './sord';

/**
 * Finds out which version it is, whether the pair's folder exists, and what our user may do in it. It only reads,
 * because deleted entries stay in ELO's archive, and a trial entry would be left behind.
 */
export async function probeElo(elo: Elo, archive: Archive | null, signal: AbortSignal): Promise<Probe> {
  return runProbe(
    {
      clockOffsetMs: () => elo.api.clockOffsetMs,
      async look(notes) {
        notes.version = await readVersion(elo, signal);
        if (archive !== null) notes.add(rightsFindings(await archive.root(signal)));
        notes.add([keysFinding]);
      },
    },
    signal,
  );
}

const serverInfo = z.looseObject({ version: z.string().nullish() });

async function readVersion({ api }: Elo, signal: AbortSignal): Promise<string | null> {
  const call = { operation: 'probe', name: 'getServerInfo', parameters: {} };
  const answer = await unless(ixCodes.accessDenied, api.call(call, signal), null);
  return serverInfo.safeParse(answer).data?.version ?? null;
}

/** ELO's constants `AccessC`, the rights of a user to one entry. */
const rights = [
  { bit: 1, name: 'read' },
  { bit: 2, name: 'write' },
  { bit: 4, name: 'delete' },
  { bit: 8, name: 'add versions' },
  { bit: 16, name: 'put something in or take it out' },
];

function rightsFindings({ access }: Sord): Finding[] {
  if (access === undefined) return [];
  const missing = rights.filter(({ bit }) => (access & bit) === 0).map(({ name }) => name);
  if (missing.length === 0) return [];
  return [
    {
      level: missing.includes('read') ? 'error' : 'warning',
      code: 'rights-missing',
      message: `Our user may not do this in the folder of the pair: ${missing.join(', ')}.`,
      about: missing,
    },
  ];
}

const keysFinding: Finding = {
  level: 'info',
  code: 'creation-keys-unknown',
  message:
    'Whether ELO keeps a GUID of ours shows when the first item is made. Until then, an item whose creation was cut off is found by its place.',
};
