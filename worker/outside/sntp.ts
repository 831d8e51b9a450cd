import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { performance } from 'node:perf_hooks';

/** A server that tells the time by NTP. */
export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

/**
 * How far the clocks of these servers are ahead of ours, in milliseconds: the median of those that could be asked, so that
 * one that is wrong decides nothing. Null: none of them could.
 */
export async function askDrift(
  servers: readonly TimeServer[],
  timeoutMs: number,
  now: () => number = Date.now,
): Promise<number | null> {
  const asked = await Promise.allSettled(servers.map((server) => askOffset(server, timeoutMs, now)));
  const offsets = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return offsets.length === 0 ? null : Math.round(medianOf(offsets));
}

/**
 * One exchange of SNTP (RFC 4330): the server's clock less ours, in milliseconds. Rejects where no answer came in time, or
 * none that can be believed.
 */
export async function askOffset(
  { host, port }: TimeServer,
  timeoutMs: number,
  now: () => number,
): Promise<number> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error(`${host} did not answer in time`)), timeoutMs);
  try {
    return await new Promise<number>((resolve, reject) => {
      timeout.signal.addEventListener('abort', () => reject(reasonOf(timeout.signal)));
      socket.on('error', reject);
      // Connected, the system lets nobody else answer.
      socket.connect(port, address, () => {
        // "The client can set it to any value": the answer repeats it, so nobody can answer who has not seen it.
        const nonce = randomBytes(8);
        const sentAt = now();
        const began = performance.now();
        socket.on('message', (message) => {
          const arrivedAt = sentAt + (performance.now() - began);
          const offset = offsetFrom(message, nonce, { sentAt, arrivedAt });
          // Anything else on the wire is not the answer; the true one may still come.
          if (typeof offset === 'number') resolve(offset);
          else if (offset.isFinal) reject(new Error(`${host} ${offset.reason}`));
        });
        socket.send(requestWith(nonce));
      });
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

const packetBytes = 48;
/** Leap indicator 0, version 4, mode 3: a client. */
const firstByte = 0x23;
const transmitAt = 40;

function requestWith(nonce: Buffer): Buffer {
  const packet = Buffer.alloc(packetBytes);
  packet[0] = firstByte;
  nonce.copy(packet, transmitAt);
  return packet;
}

interface NoOffset {
  readonly reason: string;
  /** It is the server's answer, and says that it knows no time. */
  readonly isFinal: boolean;
}

function offsetFrom(
  message: Buffer,
  nonce: Buffer,
  { sentAt, arrivedAt }: { readonly sentAt: number; readonly arrivedAt: number },
): number | NoOffset {
  if (message.length < packetBytes) return { reason: 'sent too little', isFinal: false };
  const first = message.readUInt8(0);
  const stratum = message.readUInt8(1);
  const isServer = (first & 0x07) === 4;
  if (!isServer || !message.subarray(24, 32).equals(nonce))
    return { reason: 'answered something else', isFinal: false };
  // "If the Stratum field is 0 … kiss-o'-death"; leap indicator 3: "clock not synchronized".
  if (stratum === 0 || stratum > 15 || first >> 6 === 3) return { reason: 'knows no time', isFinal: true };
  const receivedAt = timeAt(message, 32);
  const answeredAt = timeAt(message, transmitAt);
  if (receivedAt === null || answeredAt === null) return { reason: 'tells no time', isFinal: true };
  // "t = ((T2 - T1) + (T3 - T4)) / 2"
  return (receivedAt - sentAt + (answeredAt - arrivedAt)) / 2;
}

/** Seconds from 1900 to 1970. */
const unixEpoch = 2_208_988_800;
const era = 2 ** 32;

/** Milliseconds since 1970. Null: it is not set. */
function timeAt(message: Buffer, place: number): number | null {
  const seconds = message.readUInt32BE(place);
  const fraction = message.readUInt32BE(place + 4);
  if (seconds === 0 && fraction === 0) return null;
  // "If bit 0 is not set, the time is in the range 2036-2104".
  const sinceEpoch = (seconds >= era / 2 ? seconds : seconds + era) - unixEpoch;
  return (sinceEpoch + fraction / era) * 1000;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? upper;
  return (lower + upper) / 2;
}

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('it was given up');
