import { type Readable, Transform } from 'node:stream';
import type { Answer, Exchange, Outgoing } from '../http/exchange';
import type { Dice } from '../kitchen/dice';
import { connectionLost } from '../solution-error';

/**
 * The faults: the server cannot be reached; half of an upload; a lost response; half of a response; a request that
 * arrives twice; the program dies.
 */
export type Fault = 'unreachable' | 'upload-cut' | 'answer-lost' | 'answer-cut' | 'sent-twice' | 'killed';

export interface BadNetwork {
  readonly exchange: Exchange;
  /** From now on there are no faults. */
  readonly heal: () => void;
}

/** The solution's program was killed in the middle of its work. No retry follows, only a new run. */
export class Killed extends Error {
  constructor() {
    super('the program was killed');
    this.name = 'Killed';
  }
}

/**
 * A network that fails as mobile networks do.
 * @param rate the share of requests with a fault, 0 to 1.
 */
export function createBadNetwork(
  good: Exchange,
  rate: number,
  dice: Dice,
  onFault: (fault: Fault) => void,
): BadNetwork {
  let isHealed = false;
  const exchange: Exchange = async (outgoing) => {
    if (isHealed || !dice.chance(rate)) return good(outgoing);
    const fault = faultFor(outgoing, dice);
    onFault(fault);
    return withFault(good, outgoing, fault, dice);
  };
  return {
    exchange,
    heal: () => {
      isHealed = true;
    },
  };
}

function faultFor({ body }: Outgoing, dice: Dice): Fault {
  if (dice.chance(0.05)) return 'killed';
  return body === undefined
    ? dice.pick(['unreachable', 'answer-lost', 'answer-cut'])
    : dice.pick(['unreachable', 'upload-cut', 'answer-lost', 'answer-cut', 'sent-twice']);
}

async function withFault(good: Exchange, outgoing: Outgoing, fault: Fault, dice: Dice): Promise<Answer> {
  switch (fault) {
    case 'unreachable':
      throw connectionLost('no way to the server');
    case 'killed':
      // Half of these programs die after the server has received the request.
      if (dice.chance(0.5)) await answered(good, outgoing);
      throw new Killed();
    case 'upload-cut':
      return good(cutInTheMiddle(outgoing, dice));
    case 'answer-lost':
      await answered(good, outgoing);
      throw connectionLost('the answer did not arrive');
    case 'answer-cut':
      return halfOf(await good(outgoing), dice);
    case 'sent-twice':
      await answered(good, outgoing);
      return good(outgoing);
  }
}

/** Sends the request and loses the response. */
async function answered(good: Exchange, outgoing: Outgoing): Promise<void> {
  const { body } = await good(outgoing);
  body.resume();
  await new Promise((resolve) => body.once('close', resolve));
}

function cutInTheMiddle(outgoing: Outgoing, dice: Dice): Outgoing {
  const { body } = outgoing;
  if (body === undefined) return outgoing;
  const survives = dice.whole(0, Math.max(0, body.bytes - 1));
  return { ...outgoing, body: { bytes: body.bytes, open: () => firstBytesOf(body.open(), survives) } };
}

function halfOf(answer: Answer, dice: Dice): Answer {
  const bytes = Number(answer.headers['content-length'] ?? 1000);
  return { ...answer, body: firstBytesOf(answer.body, dice.whole(0, Math.max(0, bytes - 1))) };
}

/** Breaks after a number of bytes, and destroys the source with it. */
function firstBytesOf(source: Readable, survives: number): Readable {
  let passed = 0;
  const cut = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const rest = survives - passed;
      passed += chunk.length;
      if (chunk.length <= rest) done(null, chunk);
      else {
        cut.push(chunk.subarray(0, rest));
        done(connectionLost('cut'));
      }
    },
    flush: (done) => done(connectionLost('cut')),
  });
  cut.on('close', () => source.destroy());
  // As with a response of node:http, an error without a listener is ignored.
  cut.on('error', () => undefined);
  source.on('error', (error) => cut.destroy(error));
  return source.pipe(cut);
}
