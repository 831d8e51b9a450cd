import { Trouble } from '../pipeline/trouble';
import type { Clock } from './clock';
import type { SentStream } from './http-call';

/** A body that is read while it is sent. */
export interface Sending {
  readonly body: ReadableStream<Uint8Array>;
  /** What broke the source. `fetch` would only say that it failed. */
  readonly failure: Error | null;
  /** The call has ended: what is not read by now is not wanted. */
  close(): void;
}

/**
 * Only the time in which the server takes nothing counts, not the time in which the source gives nothing. The last piece
 * is sent once the source has ended well: until then the server does not have the whole.
 */
export function sendPieces({ pieces, size }: SentStream, clock: Clock, stallMs: number): Sending {
  const state: { failure: Error | null } = { failure: null };

  async function* sent(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    let held: Uint8Array | null = null;
    try {
      clock.stop();
      for await (const piece of pieces) {
        bytes += piece.byteLength;
        if (bytes > size) break;
        clock.start(stallMs);
        if (held !== null) yield held;
        clock.stop();
        held = piece;
      }
      if (bytes !== size)
        throw new Trouble('unavailable', `the content does not have the ${size} bytes that it should have`);
      clock.start(stallMs);
      if (held !== null) yield held;
    } catch (error) {
      state.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  const source = sent();
  return {
    body: streamOf(source),
    // Whatever it breaks with now concerns nobody.
    close: () => void source.return(undefined).catch(() => undefined),
    get failure() {
      return state.failure;
    },
  };
}

/** What `ReadableStream.from` does; the types of `fetch` do not know that one. */
const streamOf = (pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      async pull(controller) {
        const next: IteratorResult<Uint8Array, unknown> = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
