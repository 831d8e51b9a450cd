import { quotable } from '../domain/reason';
import { malformedXml } from '../errors/catalog';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/**
 * The text of an XML document, chunk by chunk, by its byte order mark or else by its declaration, else as UTF-8.
 * Throws `malformed-xml` where the encoding is another one, or where the bytes are not of it.
 *
 * @param lineReached the line at the end of all that was given out so far, the first being 1
 */
export async function* decodeXml(
  bytes: AsyncIterable<Uint8Array>,
  lineReached: () => number,
): AsyncGenerator<string> {
  let head: Uint8Array = new Uint8Array();
  let decode: Decode | null = null;
  for await (const chunk of bytes) {
    if (decode === null) {
      head = Buffer.concat([head, chunk]);
      if (head.length < headBytes) continue;
      decode = decoderFor(encodingOf(head), lineReached);
    }
    const rest: Uint8Array = head.length > 0 ? head : chunk;
    head = new Uint8Array();
    for (let at = 0; at < rest.length; at += pieceBytes)
      yield decode(rest.subarray(at, at + pieceBytes), false);
  }
  if (decode === null) yield decoderFor(encodingOf(head), lineReached)(head, true);
  else yield decode(new Uint8Array(), true);
}

/** Longer texts leave V8's young generation: more memory, and slower. */
const pieceBytes = 32_768;

/** Enough to hold any XML declaration. */
const headBytes = 256;

type Decode = (bytes: Uint8Array, isLast: boolean) => string;

function encodingOf(head: Uint8Array): Encoding {
  const [first, second, third, fourth] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // "<?" without a byte order mark.
  if (first === 0x3c && second === 0 && third === 0x3f && fourth === 0) return 'utf-16le';
  if (first === 0 && second === 0x3c && third === 0 && fourth === 0x3f) return 'utf-16be';
  return declaredEncoding(head);
}

function declaredEncoding(head: Uint8Array): Encoding {
  const declaration = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(
    Buffer.from(head).toString('latin1'),
  );
  const name = declaration?.[1]?.toLowerCase() ?? 'utf-8';
  switch (name) {
    case 'utf-8':
    case 'utf8':
    // .NET writes what a StringWriter says into files that it then saves as UTF-8: "<?xml" was readable byte by byte.
    case 'utf-16':
    case 'unicode':
      return 'utf-8';
    case 'windows-1252':
    case 'cp1252':
    case 'us-ascii':
    case 'ascii':
    // As everywhere on the web: who declares ISO-8859-1 means windows-1252.
    case 'iso-8859-1':
    case 'latin1':
      return 'windows-1252';
    default:
      throw malformedXml({ code: 'xml-encoding-unknown', values: { line: 1, encoding: quotable(name) } });
  }
}

function decoderFor(encoding: Encoding, lineReached: () => number): Decode {
  if (encoding === 'windows-1252') return decodeWindows1252;
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (bytes, isLast) => {
    try {
      return decoder.decode(bytes, { stream: !isLast });
    } catch {
      // A decoder that is fatal throws for this only.
      const line = lineReached() + linesBeforeFault(bytes, encoding);
      throw malformedXml({ code: 'xml-other-encoding', values: { line, encoding: encoding.toUpperCase() } });
    }
  };
}

/** How many lines end before the first bytes that are not of the encoding. */
function linesBeforeFault(bytes: Uint8Array, encoding: Exclude<Encoding, 'windows-1252'>): number {
  if (encoding !== 'utf-8')
    return linesIn(new TextDecoder(encoding).decode(bytes).split('\ufffd', 1)[0] ?? '');
  let lines = 0;
  // What a character that began before these bytes continues with tells nothing.
  const first = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
  for (let start = first; start >= 0; lines += 1) {
    const end = bytes.indexOf(lineFeed, start);
    const isWhole = end >= 0;
    const decoder = new TextDecoder(encoding, { fatal: true });
    try {
      decoder.decode(bytes.subarray(start, isWhole ? end : undefined), { stream: !isWhole });
    } catch {
      return lines;
    }
    if (!isWhole) break;
    start = end + 1;
  }
  // The fault is in a character that began before these bytes, or does not end in them.
  return first === 0 ? lines : 0;
}

const lineFeed = 0x0a;

const linesIn = (text: string) => text.split('\n').length - 1;

/** By a table of our own: some versions of Node decode it as if it were ISO-8859-1. */
function decodeWindows1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.replace(/[\x80-\x9f]/g, (character) => windows1252.charAt(character.charCodeAt(0) - 0x80));
}

const windows1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';
