import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** Whom a process runs as. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Ourselves; on systems without user ids, user 0. */
export function ourselves(): SystemUser {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

/** PostgreSQL refuses to run as root: root starts it as `postgres`, or else as `nobody`. */
export async function unprivilegedUser(): Promise<SystemUser> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined && Number(uid) > 0)
      return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it as: add one, or set DATABASE_URL.',
  );
}

/** True if `user` may enter the folder: it and every folder above it lets that user pass. A missing folder counts as its parent. */
export async function canEnter(user: SystemUser, folder: string): Promise<boolean> {
  if (user.uid === 0) return true;
  const resolved = await realpath(folder).catch(() => null);
  if (resolved === null) return canEnter(user, path.dirname(path.resolve(folder)));
  for (let at = resolved; ; at = path.dirname(at)) {
    if (!(await mayPass(user, at))) return false;
    if (at === path.dirname(at)) return true;
  }
}

async function mayPass(user: SystemUser, folder: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
