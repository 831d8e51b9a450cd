import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setting } from './database';

/** How this machine can run a RabbitMQ of our own. */
export type RabbitSource =
  | { readonly kind: 'program'; readonly file: string }
  | { readonly kind: 'docker' }
  | { readonly kind: 'none'; readonly reason: string };

let known: RabbitSource | undefined;

/**
 * A `rabbitmq-server` that is installed; on Debian as root it is installed first, which takes about 20 s; else
 * Docker. Blocks while it looks, because a suite must know before its tests are declared.
 */
export function findRabbitSource(): RabbitSource {
  known ??= installedProgram() ?? installedNow() ?? docker() ?? none();
  return known;
}

/** Debian's own start script accepts only root and changes user: the program behind it accepts anyone. */
function installedProgram(): RabbitSource | null {
  const folders = [
    '/usr/lib/rabbitmq/bin',
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    '/opt/homebrew/sbin',
  ];
  const file = folders.map((folder) => path.join(folder, 'rabbitmq-server')).find(isExecutable);
  return file === undefined ? null : { kind: 'program', file };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One at a time on this machine; the package's own service must come up neither now nor at the next boot. */
const install = `
set -e
[ ! -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || exit 0
export DEBIAN_FRONTEND=noninteractive
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends rabbitmq-server
systemctl disable rabbitmq-server 2>/dev/null || true
`;

let installFailure = '';

function installedNow(): RabbitSource | null {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  // Every test file checks again; a machine without a network need not try each time.
  const failed = path.join(setting('EPACK_TEST_FOLDER'), 'rabbitmq-not-installed');
  if (existsSync(failed)) {
    installFailure = readFileSync(failed, 'utf8');
    return null;
  }
  process.stderr.write('Installing rabbitmq-server with apt-get for the tests…\n');
  const { status, stdout, stderr } = spawnSync('flock', ['/tmp/epack-test-apt.lock', 'sh', '-c', install], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) {
    installFailure = `; apt-get failed: ${`${stdout}\n${stderr}`.trim().split('\n').slice(-3).join(' ')}`;
    writeFileSync(failed, installFailure);
  }
  return installedProgram();
}

export const dockerImage = 'rabbitmq:3-alpine';

function docker(): RabbitSource | null {
  const engine = spawnSync('docker', ['info'], { stdio: 'ignore' });
  if (engine.status !== 0) return null;
  process.stderr.write(`Fetching the image ${dockerImage} for the tests…\n`);
  const pulled = spawnSync('docker', ['pull', '--quiet', dockerImage], { stdio: 'ignore' });
  return pulled.status === 0 ? { kind: 'docker' } : null;
}

const none = (): RabbitSource => ({
  kind: 'none',
  reason: `no QUEUE_URL, no rabbitmq-server and no Docker engine${installFailure}`,
});
