import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { callerNetwork } from '../../shared/domain/network';
import type { Logger } from '../../shared/log';
import { withoutMapping } from './trusted-proxies';

interface Deps {
  /** The most connections of one caller at the same time. */
  readonly mostOfOne: number;
  /** True for an address that stands for many callers: a trusted proxy, or this machine. It has no limit. */
  readonly standsForMany: (address: string) => boolean;
  /** Counts refused connections. */
  readonly countRefused: () => void;
  readonly log: Pick<Logger, 'warn'>;
}

const tellEveryMilliseconds = 60_000;

/**
 * Limits the connections of one caller: an IPv4 address or an IPv6 /64. Further connections are closed without an
 * answer, to cost as little as possible. It is logged once a minute.
 */
export function limitConnections(server: Server, deps: Deps): void {
  const held = new Map<string, number>();
  let toldAtMs = -Infinity;

  // Runs before Node's own listener, which ignores closed connections.
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

/** Connections from this machine are not limited: a tunnel, a proxy that is not configured, a load test. */
export const isThisMachine = (address: string): boolean => /^127\./.test(address) || address === '::1';
