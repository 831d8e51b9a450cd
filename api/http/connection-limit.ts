import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { callerNetwork } from '../../shared/domain/network';
import type { Logger } from '../../shared/log';
import { withoutMapping } from './trusted-proxies';

interface Deps {
  /** Of one caller, at once. */
  readonly mostOfOne: number;
  /** Who stands for many callers: a proxy that is believed, this machine itself. Such a one may hold as many as it likes. */
  readonly standsForMany: (address: string) => boolean;
  /** Counts those that were closed. */
  readonly countRefused: () => void;
  readonly log: Pick<Logger, 'warn'>;
}

const tellEveryMilliseconds = 60_000;

/**
 * Bounds the connections that one caller holds: an IPv4 address, an IPv6 /64. One more is closed without a word: whoever
 * opens so many is to cost as little as can be. It is told once a minute.
 */
export function limitConnections(server: Server, deps: Deps): void {
  const held = new Map<string, number>();
  let toldAtMs = -Infinity;

  // Ahead of Node's own listener, which leaves alone what is closed already.
  server.prependListener('connection', (socket: Socket) => {
    const address = withoutMapping(socket.remoteAddress ?? '');
    if (deps.standsForMany(address)) return;
    const caller = callerNetwork(address);
    const count = held.get(caller) ?? 0;
    if (count >= deps.mostOfOne) refuse(socket, caller);
    else {
      held.set(caller, count + 1);
      socket.once('close', () => letGo(caller));
    }
  });

  function refuse(socket: Socket, caller: string): void {
    socket.destroy();
    deps.countRefused();
    if (Date.now() - toldAtMs < tellEveryMilliseconds) return;
    toldAtMs = Date.now();
    deps.log.warn(
      { address: caller, most: deps.mostOfOne },
      'too many connections of one address are closed',
    );
  }

  function letGo(caller: string): void {
    const left = (held.get(caller) ?? 1) - 1;
    if (left === 0) held.delete(caller);
    else held.set(caller, left);
  }
}

/** A tunnel, a proxy that nobody named, a test of load: whoever is on this machine is no stranger. */
export const isThisMachine = (address: string): boolean => /^127\./.test(address) || address === '::1';
