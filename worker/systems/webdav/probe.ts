import { Trouble } from '../../pipeline/trouble';
import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import { isDone } from './answers';
import type { DavClient } from './dav-client';
import { explore } from './probe-traits';
import type { ScratchDeps } from './scratch';
import { findingOf } from './server-traits';

const littleRoomBytes = 100_000_000;

/** Finds out what a server is and what it really does, by trying it in a temporary folder. */
export async function probeWebdav(deps: ScratchDeps, signal: AbortSignal): Promise<Probe> {
  return runProbe(
    {
      clockOffsetMs: () => deps.client.http.clockOffsetMs,
      async look(notes) {
        notes.version = await readVersion(deps.client, signal);
        await deps.listing.needRoot(signal);
        notes.add(await roomLeft(deps.client, signal));
        notes.add(await whatItDoes(deps, signal));
        notes.add(await extras(deps.client, signal));
      },
    },
    signal,
  );
}

/** Throws `invalid` if the server has no WebDAV: the header is mandatory (RFC 4918, 10.1). */
async function readVersion(client: DavClient, signal: AbortSignal): Promise<string | null> {
  const answer = await client.send(
    { operation: 'probe', method: 'OPTIONS', path: '', isFolder: true },
    signal,
  );
  if (isDone(answer) && answer.headers.get('dav') === null)
    throw new Trouble('invalid', 'there is a web server, and it does not speak WebDAV');
  return answer.headers.get('server');
}

async function whatItDoes(deps: ScratchDeps, signal: AbortSignal): Promise<readonly Finding[]> {
  const explored = await explore(deps, signal);
  if (explored === null)
    return [
      {
        level: 'warning',
        code: 'not-writable',
        message:
          'Our user may make no folder there, so it was not tried what the server does. A pair whose folder is writable tries it before its first write.',
      },
    ];
  const findings = [findingOf(explored.traits)];
  if (!explored.hasGoodTags)
    findings.push({
      level: 'warning',
      code: 'no-revisions',
      message:
        'Its ETags do not change with the content: a change of the same size within one second is seen only where contents are compared by hash.',
    });
  return findings;
}

const quotaQuery =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><quota-available-bytes/></prop></propfind>';

/** RFC 4331. Most servers do not report it. */
async function roomLeft(client: DavClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const request = { operation: 'probe', path: '', isFolder: true, depth: '0', body: quotaQuery } as const;
  const [found] = (await client.propfind(request, signal)) ?? [];
  const told = found?.response.properties.get('{DAV:}quota-available-bytes')?.text.trim() ?? '';
  if (!/^\d{1,15}$/.test(told)) return [];
  const bytes = Number(told);
  return [
    {
      level: bytes < littleRoomBytes ? 'warning' : 'info',
      code: 'room-left',
      message: `There is room for ${Math.floor(bytes / 1_000_000)} MB.`,
    },
  ];
}

const syncQuery =
  '<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>';

/** Abilities of the server that are not used. */
async function extras(client: DavClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const request = { operation: 'probe', path: '', isFolder: true } as const;
  const sync = await client.send({ ...request, method: 'REPORT', xml: syncQuery }, signal);
  return sync.status === 207 && sync.text.includes('sync-token')
    ? [
        {
          level: 'info',
          code: 'sync-collection',
          message: 'It lists changes by sync-collection (RFC 6578); this version lists whole trees.',
        },
      ]
    : [];
}
