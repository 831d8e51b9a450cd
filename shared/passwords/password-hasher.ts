import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { serverBusy } from '../errors/catalog';
import {
  decoyHashOf,
  formatHash,
  isOfCost,
  keyBytes,
  parseHash,
  passwordCost,
  type ScryptCost,
} from './password-hash';

/** Whose turn it is. `known`: someone who has proved who they are, or comes from where they did: before all strangers. */
export interface Turn {
  readonly isKnown: boolean;
  /** The address or network. Only a few callers of each may wait, so that none can fill the queue. */
  readonly from: string;
}

/** The turn of the server's own work, on the command line or at its start. */
export const ownTurn: Turn = { isKnown: true, from: 'server' };

export interface PasswordHasher {
  /**
   * Hashes a password for the column `app_user.password_hash`: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, salt and key in
   * base64url. About 0.2 s of one processor and 16 MiB. Throws `unavailable` where too many wait.
   */
  hash(password: string, turn: Turn): Promise<string>;
  /**
   * True when `hash` was made of this password. Compares in constant time. Where there is no such user, pass `null`: it
   * takes as long, and answers false. Throws `unavailable` where too many wait.
   */
  verify(password: string, hash: string | null, turn: Turn): Promise<boolean>;
  /** True of a hash that was made at another cost than this hasher's: make it again when its password is at hand. */
  isOfOtherCost(hash: string): boolean;
  /** Refuses all waiting calls. */
  close(): Promise<void>;
}

/** At 0.2 s each: nobody waits longer than some seconds. */
const mostWaiting = 20;
/** Ten attempts of one office at once are looked at; the rest is told to come again. */
const mostWaitingOfOne = 12;
const busySeconds = 5;

/**
 * Hashes passwords on one thread of its own, one after another. Node's own asynchronous scrypt runs on the four threads
 * that all file operations share: eight sign-ins at once would stop every upload.
 */
export function createPasswordHasher(ownCost: ScryptCost = passwordCost): PasswordHasher {
  const decoyHash = decoyHashOf(ownCost);
  const waiting: Task[] = [];
  let thread: Worker | null = null;
  let current: Task | null = null;
  let isClosed = false;

  return {
    async hash(password, turn) {
      const salt = randomBytes(16);
      const key = await derive({ password, salt, cost: ownCost }, turn);
      return formatHash({ ...ownCost, salt, key });
    },

    async verify(password, hash, turn) {
      const { salt, key: expected, ...cost } = parseHash(hash ?? decoyHash);
      const key = await derive({ password, salt, cost }, turn);
      return timingSafeEqual(key, expected) && hash !== null;
    },

    isOfOtherCost: (hash) => !isOfCost(hash, ownCost),

    async close() {
      isClosed = true;
      for (const task of waiting.splice(0)) task.reject(serverBusy(busySeconds));
      await thread?.terminate();
    },
  };

  function derive(work: Work, turn: Turn): Promise<Buffer> {
    const alike = waiting.filter((task) => task.turn.isKnown === turn.isKnown);
    const ofOne = alike.filter((task) => task.turn.from === turn.from);
    const isFull = alike.length >= mostWaiting || (!turn.isKnown && ofOne.length >= mostWaitingOfOne);
    if (isFull || isClosed) return Promise.reject(serverBusy(busySeconds));
    return new Promise((resolve, reject) => {
      waiting.push({ work, turn, resolve, reject });
      next();
    });
  }

  function next(): void {
    if (current !== null) return;
    const index = Math.max(
      waiting.findIndex(({ turn }) => turn.isKnown),
      0,
    );
    const [task] = waiting.splice(index, 1);
    if (task === undefined) {
      // An idle thread must not keep the process alive.
      thread?.unref();
      return;
    }
    current = task;
    thread ??= start();
    thread.ref();
    thread.postMessage({ ...optionsOf(task.work), salt: task.work.salt });
  }

  function start(): Worker {
    const started = new Worker(scryptThread, { eval: true });
    started.on('message', (key: Uint8Array) => finish((task) => task.resolve(Buffer.from(key))));
    started.on('error', (error) => {
      thread = null;
      finish((task) => task.reject(error));
    });
    started.on('exit', () => {
      if (thread === started) thread = null;
      finish((task) => task.reject(serverBusy(busySeconds)));
    });
    return started;
  }

  function finish(settle: (task: Task) => void): void {
    const task = current;
    if (task === null) return;
    current = null;
    settle(task);
    if (!isClosed) next();
  }
}

interface Work {
  readonly password: string;
  readonly salt: Buffer;
  readonly cost: ScryptCost;
}

interface Task {
  readonly work: Work;
  readonly turn: Turn;
  readonly resolve: (key: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** As a text, so that it runs the same from TypeScript, from the tests and from the built server. */
const scryptThread = `
  const { parentPort } = require('node:worker_threads');
  const { scryptSync } = require('node:crypto');
  parentPort.on('message', ({ password, salt, keyBytes, options }) => {
    parentPort.postMessage(scryptSync(password, salt, keyBytes, options));
  });
`;

function optionsOf({ password, cost }: Work) {
  return {
    // One and the same text can be written in several ways in Unicode: é is one sign or two.
    password: password.normalize('NFC'),
    keyBytes,
    options: {
      N: 2 ** cost.costLog2,
      r: cost.blockSize,
      p: cost.parallelism,
      // scrypt needs 128 × N × r bytes; Node refuses above 32 MiB unless told.
      maxmem: 256 * 2 ** cost.costLog2 * cost.blockSize,
    },
  };
}
