/** The part of a document's text that may still be asked for, so that memory does not grow with the document. */
export interface XmlSource {
  append(chunk: string): void;
  /** The text between two positions, counted in UTF-16 units from the start of the document. */
  slice(start: number, end: number): string;
  /** Nothing before this position will be asked for any more. */
  forget(before: number): void;
  /** The position of the `<` of the tag whose name has just been read up to `end`. */
  tagStart(name: string, end: number): number;
}

export function createXmlSource(): XmlSource {
  let text = '';
  let start = 0;
  return {
    append: (chunk) => {
      text += chunk;
    },
    slice: (from, to) => text.slice(from - start, to - start),
    forget: (before) => {
      text = text.slice(before - start);
      start = before;
    },
    tagStart: (name, end) => {
      // "<", the name, and the one character that ended it; two where that is CR LF.
      const usual = end - name.length - 2;
      return text.charAt(usual - start) === '<' ? usual : usual - 1;
    },
  };
}
