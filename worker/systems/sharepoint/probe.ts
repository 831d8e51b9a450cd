import { randomUUID } from 'node:crypto';
import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import type { GraphApi } from './graph-api';
import { isSuccess, troubleOf } from './graph-error';
import type { Drive, Library } from './library';
import { beginSession, cancel } from './upload-session';

/**
 * Finds out whether sign-in works, whether site, library and folder exist, and what we may do. It leaves nothing
 * behind.
 */
export async function probeLibrary(api: GraphApi, library: Library, signal: AbortSignal): Promise<Probe> {
  return runProbe(
    {
      clockOffsetMs: () => api.clockOffsetMs,
      async look(notes) {
        notes.add(quotaFindings(await library.lookAtDrive(signal)));
        await library.lookAtRoot(signal);
        if (!(await mayWrite(api, library, signal))) notes.add([readOnly]);
        notes.add([rewritten]);
      },
    },
    signal,
  );
}

/** Begins an upload and cancels it: Graph says whether writing is allowed before any byte is sent. */
export async function mayWrite(api: GraphApi, library: Library, signal: AbortSignal): Promise<boolean> {
  const { drivePath, id } = await library.root(signal);
  const path = `${drivePath}/items/${encodeURIComponent(id)}:/epack-probe-${randomUUID()}.tmp:`;
  const session = await beginSession(api, { path, expected: null }, signal);
  if (!('client' in session)) {
    if (session.status === 403) return false;
    if (!isSuccess(session)) throw troubleOf(session, 'nothing can be written');
    return true;
  }
  await cancel(session, signal);
  return true;
}

const readOnly: Finding = {
  level: 'warning',
  code: 'rights-missing',
  message: 'Our application may read the library, and not write in it.',
  about: ['write'],
};

const rewritten: Finding = {
  level: 'info',
  code: 'contents-rewritten',
  message:
    'SharePoint writes properties into Office files after they were uploaded: what it makes of them comes back as a change.',
};

function quotaFindings({ quota }: Drive): readonly Finding[] {
  const state = quota?.state ?? 'normal';
  if (state === 'normal') return [];
  const level = state === 'exceeded' ? 'error' : 'warning';
  const left = quota?.remaining === undefined ? '' : `: ${quota.remaining} bytes are left`;
  return [{ level, code: 'quota', message: `The room of the library is ${state}${left}.` }];
}
