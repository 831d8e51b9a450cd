import { type Channel, type ChannelKey, channels } from '../../shared/domain/channel';
import type { DatabaseListener } from '../../shared/db/listen';
import { solutionBlocked, solutionLocked, unauthorized } from '../../shared/errors/catalog';
import { statutFrom } from '../../shared/domain/statut';
import type { ChannelStatus, StatusStore } from '../../shared/stores/syncs/status-store';
import type { SolutionAccess, SolutionStore } from '../../shared/stores/solutions/solution-store';
import { createStatutWaits } from './statut-waits';
import type { TokenHolder, Tokens } from './tokens';

/** The members of a status that a poll needs. */
export type BoardStatus = Pick<ChannelStatus, 'statut' | 'syncId' | 'revision'>;

interface Deps {
  readonly statuses: Pick<StatusStore, 'read'>;
  readonly solutions: Pick<SolutionStore, 'findAccess'>;
  readonly tokens: Pick<Tokens, 'verify'>;
  readonly notifications: Pick<DatabaseListener, 'subscribe'>;
}

interface CachedToken {
  readonly solutionId: number;
  readonly generation: number;
  readonly expiresAtMs: number;
}

/** A poll that waits for news. */
export interface PollWait {
  readonly not: number;
  readonly milliseconds: number;
  /** The generation of the caller's token. */
  readonly tokenGeneration: number;
  /** The caller has disconnected. */
  readonly gone: AbortSignal;
}

/** Beyond this many the oldest are dropped; a dropped entry only costs its next caller a look-up. */
const maxEntries = 100_000;
/** After this time without notifications, waits end. */
const longInterruptionMs = 10_000;

export type StatutBoard = ReturnType<typeof createStatutBoard>;

/**
 * Keeps every status and every access right in memory, updated by notifications of the database. While that connection
 * is down, nothing is cached and each call asks the database.
 */
export function createStatutBoard(deps: Deps) {
  const tokens = new Map<string, CachedToken>();
  const access = new Map<number, SolutionAccess>();
  const statuses = new Map<string, BoardStatus>();
  const waits = createStatutWaits();
  // Incremented whenever a value that is being read from the database may be outdated when it arrives.
  let generation = 0;
  // Incremented whenever a token that is being verified may use a key that is no longer accepted.
  let keyGeneration = 0;
  const listening = { statut: false, solution: false, keys: false };
  let isEnding = false;
  let interruption: NodeJS.Timeout | undefined;

  const subscriptions = [
    deps.notifications.subscribe('epack_statut', {
      onMessage: onStatut,
      onLost: () => listen('statut', false),
      onReconnected: () => listen('statut', true),
    }),
    deps.notifications.subscribe('epack_solution', {
      onMessage: onSolution,
      onLost: () => listen('solution', false),
      onReconnected: () => listen('solution', true),
    }),
    deps.notifications.subscribe('epack_server_key', {
      onMessage: forgetTokens,
      onLost: () => listen('keys', false),
      onReconnected: () => listen('keys', true),
    }),
  ];

  return {
    /** The caller, if memory knows it. Null: call `authenticate`. */
    findCaller(authorization: string): SolutionAccess | null {
      const token = tokens.get(authorization);
      if (token === undefined || token.expiresAtMs <= Date.now()) return null;
      const found = access.get(token.solutionId);
      if (found === undefined || found.tokenGeneration !== token.generation) return null;
      return refusalOf(found) === null ? found : null;
    },

    /** The caller. Throws `unauthorized`, `blocked` or `locked`. */
    async authenticate(authorization: string | undefined): Promise<SolutionAccess> {
      const bearer = /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1];
      if (authorization === undefined || bearer === undefined) throw unauthorized();
      const keysBefore = keyGeneration;
      const holder = await deps.tokens.verify(bearer);
      const found = await accessOf(holder);
      if (found === null) throw unauthorized();
      const refusal = refusalOf(found) ?? endedBy(found, holder.generation);
      if (refusal !== null) throw refusal;
      if (keyGeneration === keysBefore && listening.keys) {
        const { solutionId, generation: given, expiresAt } = holder;
        keep(tokens, authorization, { solutionId, generation: given, expiresAtMs: expiresAt.getTime() });
      }
      return found;
    },

    /** The status, if memory knows it. Null: call `read`. */
    find(solutionId: number, channel: Channel): BoardStatus | null {
      return statuses.get(nameOf(solutionId, channel)) ?? null;
    },

    read,

    /**
     * Records a change that this process has committed, because its notification may arrive after the response. A
     * caller that has the response and asks this process again must not get the old status.
     */
    learn: ({ solutionId, channel }: ChannelKey, status: BoardStatus): void =>
      take(nameOf(solutionId, channel), status),

    /** The same if the new status is not known: reads it again. */
    async refresh(key: ChannelKey): Promise<void> {
      await readStatus(key).catch(() => statuses.delete(nameOf(key.solutionId, key.channel)));
    },

    /**
     * Records that this process has changed the access rights of a solution, because the notification may arrive after
     * the response. A caller that has the response and asks this process again must not get the old rights.
     */
    forgetAccess,

    /**
     * Resolves with the status once it differs from `not`, or with the current status when the time is over or the
     * caller has disconnected. Throws `blocked` or `locked` as soon as the solution is, and `unauthorized` as soon as
     * the caller's tokens end.
     */
    async waitForOther(
      key: ChannelKey,
      { not, milliseconds, tokenGeneration, gone }: PollWait,
    ): Promise<BoardStatus> {
      if (isEnding) return read(key);
      const over = waits.wait(nameOf(key.solutionId, key.channel), {
        not,
        milliseconds,
        tokenGeneration,
        gone,
        look: () => read(key),
      });
      void sendAwayIfRefused(key.solutionId);
      await over;
      return read(key);
    },

    /** Ends all waits, each with the current status. No new wait begins. */
    endWaits(): void {
      isEnding = true;
      waits.end();
    },

    close(): void {
      clearTimeout(interruption);
      for (const subscription of subscriptions) subscription.stop();
    },
  };

  async function read(key: ChannelKey): Promise<BoardStatus> {
    return statuses.get(nameOf(key.solutionId, key.channel)) ?? (await readStatus(key));
  }

  /**
   * If the token has a later generation than memory knows, memory is outdated. Memory alone also never decides that a
   * caller is blocked or locked, because another process may just have ended that.
   */
  async function accessOf({ solutionId, generation: given }: TokenHolder): Promise<SolutionAccess | null> {
    const known = access.get(solutionId);
    const isOld = known === undefined || given > known.tokenGeneration || refusalOf(known) !== null;
    return isOld ? readAccess(solutionId) : known;
  }

  async function readAccess(solutionId: number): Promise<SolutionAccess | null> {
    const before = generation;
    const found = await deps.solutions.findAccess(solutionId);
    if (found !== null && isTrusted(before)) keep(access, solutionId, found);
    return found;
  }

  async function readStatus(key: ChannelKey): Promise<BoardStatus> {
    const before = generation;
    const found = await deps.statuses.read(key);
    if (found === null) throw unauthorized();
    const name = nameOf(key.solutionId, key.channel);
    const newer = statuses.get(name);
    if (newer !== undefined && newer.revision >= found.revision) return newer;
    if (isTrusted(before)) keep(statuses, name, found);
    return found;
  }

  function isTrusted(before: number): boolean {
    return generation === before && listening.statut && listening.solution;
  }

  /** Each token is verified again, with the current keys. */
  function forgetTokens(): void {
    keyGeneration += 1;
    tokens.clear();
  }

  function onStatut(payload: string): void {
    const [solutionId, channel, statut, syncId, revision] = payload.split(' ');
    const name = `${solutionId ?? ''} ${channel ?? ''}`;
    const status: BoardStatus = {
      statut: statutFrom(Number(statut)),
      syncId: syncId === '-' ? null : (syncId ?? null),
      revision: Number(revision),
    };
    take(name, status);
  }

  function take(name: string, status: BoardStatus): void {
    const known = statuses.get(name);
    if (known !== undefined && known.revision > status.revision) return;
    if (listening.statut) keep(statuses, name, status);
    waits.tell(name, status);
  }

  function onSolution(payload: string): void {
    forgetAccess(Number(payload));
  }

  /** A read that is in progress may return outdated rights, so its result is not cached. */
  function forgetAccess(solutionId: number): void {
    generation += 1;
    access.delete(solutionId);
    void sendAwayIfRefused(solutionId);
  }

  /** Its tokens stop working at once, so waits with such a token end. */
  async function sendAwayIfRefused(solutionId: number): Promise<void> {
    const names = channels.map((channel) => nameOf(solutionId, channel));
    if (!names.some(waits.has)) return;
    // If the database cannot be asked, they keep waiting. The next call checks the rights.
    const found = access.get(solutionId) ?? (await readAccess(solutionId).catch(() => undefined));
    if (found === undefined) return;
    const refusal = found === null ? unauthorized() : refusalOf(found);
    for (const name of names) {
      waits.refuse(name, (given) => refusal ?? (found === null ? null : endedBy(found, given)));
    }
  }

  /** Changes during an interruption are not known, so everything is forgotten, and all waits read the status again. */
  function listen(what: keyof typeof listening, isListening: boolean): void {
    listening[what] = isListening;
    generation += 1;
    access.clear();
    statuses.clear();
    if (what === 'keys') forgetTokens();
    if (what === 'statut') watchInterruption(isListening);
    if (what === 'statut' && isListening) wakeAll();
    if (what === 'solution' && isListening) sendRefusedAway();
  }

  /**
   * A short interruption, such as a failover, ends no wait. After a longer one each wait ends, and its caller learns at
   * once that this process cannot reach the database: another API may still reach it.
   */
  function watchInterruption(isOver: boolean): void {
    clearTimeout(interruption);
    if (!isOver) interruption = setTimeout(() => waits.end(), longInterruptionMs).unref();
  }

  function sendRefusedAway(): void {
    const solutionIds = new Set(waits.names().map((name) => Number(name.split(' ')[0])));
    for (const solutionId of solutionIds) void sendAwayIfRefused(solutionId);
  }

  function wakeAll(): void {
    for (const name of waits.names()) {
      const [solutionId, channel] = name.split(' ') as [string, Channel];
      void readStatus({ solutionId: Number(solutionId), channel }).then(
        (status) => waits.tell(name, status),
        () => undefined,
      );
    }
  }
}

/** Staff have blocked it, or another device has used it and staff have not unlocked it yet. Null: it may call. */
function refusalOf({ isBlocked, isLocked }: SolutionAccess): Error | null {
  if (isBlocked) return solutionBlocked();
  return isLocked ? solutionLocked() : null;
}

/** Block, unlock, a forgotten MAC or a leaked secret has ended the tokens given before. Null: not this one. */
const endedBy = ({ tokenGeneration }: SolutionAccess, given: number): Error | null =>
  given === tokenGeneration ? null : unauthorized();

const nameOf = (solutionId: number, channel: Channel) => `${solutionId} ${channel}`;

/** Maps keep the order of insertion: the first is the oldest. */
function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > maxEntries) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
}
