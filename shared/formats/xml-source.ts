/** The part of a document's text that may still be asked for, so that memory does not grow with the document. */
export interface XmlSource {
  append(chunk: string): void;
  /** The text between two positions, counted in UTF-16 units from the start of the document. */
  slice(start: number, end: number): string;
  /** The last position of a character before `end`; it is there. */
  lastIndexOf(character: string, end: number): number;
  /** Nothing before this position will be asked for any more. */
  forget(before: number): void;
}

export function createXmlSource(): XmlSource {
  // Apart, because cutting a text that was put together is slow: most of what is asked for lies in the chunk alone.
  let earlier = '';
  let chunk = '';
  let earlierStart = 0;
  let chunkStart = 0;

  return {
    append(next) {
      earlier += chunk;
      chunkStart += chunk.length;
      chunk = next;
    },
    slice(start, end) {
      if (start >= chunkStart) return chunk.slice(start - chunkStart, end - chunkStart);
      const before = earlier.slice(start - earlierStart, end - earlierStart);
      return end <= chunkStart ? before : before + chunk.slice(0, end - chunkStart);
    },
    lastIndexOf(character, end) {
      const found = end > chunkStart ? chunk.lastIndexOf(character, end - chunkStart - 1) : -1;
      return found < 0
        ? earlier.lastIndexOf(character, end - earlierStart - 1) + earlierStart
        : found + chunkStart;
    },
    forget(before) {
      if (before >= chunkStart) {
        chunk = chunk.slice(before - chunkStart);
        chunkStart = before;
        earlier = '';
      } else earlier = earlier.slice(before - earlierStart);
      earlierStart = before;
    },
  };
}
