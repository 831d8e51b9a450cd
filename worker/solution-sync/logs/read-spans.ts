import type { Readable } from 'node:stream';

/**
 * Reads parts of a file again, given in the order in which they lie, without holding more than one of them.
 * The file is not opened where there are none.
 */
export async function* readSpans<Span extends { readonly offset: number; readonly length: number }>(
  open: () => Promise<Readable>,
  spans: AsyncIterable<Span>,
): AsyncGenerator<{ readonly span: Span; readonly bytes: Buffer }> {
  let file: Readable | null = null;
  try {
    let chunks: AsyncIterator<Buffer> | null = null;
    let held = Buffer.alloc(0);
    let heldAt = 0;
    for await (const span of spans) {
      file ??= await open();
      chunks ??= file[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      while (heldAt + held.length < span.offset + span.length) {
        const next = await chunks.next();
        if (next.done === true) break;
        const kept = held.subarray(Math.max(0, span.offset - heldAt));
        heldAt += held.length - kept.length;
        held = Buffer.concat([kept, next.value]);
      }
      yield { span, bytes: held.subarray(span.offset - heldAt, span.offset - heldAt + span.length) };
    }
  } finally {
    file?.destroy();
  }
}
