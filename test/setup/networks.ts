import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { startTiedShell } from './tied-shell';

/** Hosts with networks of their own on this machine: network namespaces behind one bridge. They end with this process. */
export interface Network {
  readonly hosts: readonly Host[];
  /** Nothing that `from` sends arrives at `to`, and nobody is told. */
  lose(from: Host, to: Host): void;
  /** Undoes `lose`. */
  mend(from: Host, to: Host): void;
  remove(): void;
}

export interface Host {
  readonly address: string;
  /** Words before a command that is to run on it. */
  readonly inside: readonly string[];
}

/** Null: it can. Only root may make networks, and not in every container. */
export function whyNoNetworks(): string | null {
  const name = `epack-${randomBytes(3).toString('hex')}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `ip netns add fails: ${made.stderr || String(made.error)}`;
  spawnSync('ip', ['netns', 'delete', name]);
  return null;
}

export function createNetwork(count: number): Network {
  // Names of interfaces have at most 15 characters.
  const run = randomBytes(3).toString('hex');
  const bridge = `epk${run}`;
  const subnet = `10.${randomInt(200, 250)}.${randomInt(1, 250)}`;
  const names = Array.from({ length: count }, (_, place) => `${bridge}n${place}`);
  const remove = [...names.map((name) => `ip netns delete ${name}`), `ip link delete ${bridge}`].join('; ');
  startTiedShell(`read -r _ <&4; ${remove}`);
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('address', 'add', `${subnet}.1/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  const hosts = names.map((name, place) => addHost({ name, bridge, address: `${subnet}.${place + 2}` }));
  return {
    hosts,
    lose: (from, to) => ip('-n', nameOf(from), 'route', 'add', 'blackhole', `${to.address}/32`),
    mend: (from, to) => ip('-n', nameOf(from), 'route', 'delete', 'blackhole', `${to.address}/32`),
    remove: () => void spawnSync('/bin/sh', ['-c', remove]),
  };

  function nameOf(host: Host): string {
    return names[hosts.indexOf(host)] ?? '';
  }
}

interface NewHost {
  readonly name: string;
  readonly bridge: string;
  readonly address: string;
}

function addHost({ name, bridge, address }: NewHost): Host {
  const outer = `${name}o`;
  ip('netns', 'add', name);
  ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  ip('link', 'set', outer, 'master', bridge, 'up');
  ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return { address, inside: ['ip', 'netns', 'exec', name] };
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
