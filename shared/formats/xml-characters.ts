import { SaxesParser } from 'saxes';
import { quotable, type Reason } from '../domain/reason';

/** True: what the parser complains of is one character, and what stands around it can still be read. */
export const isCharacterFault = (message: string): boolean => characterFaults.has(message);

/** True: the same, and it may be half of a character. */
export const isBrokenReference = (message: string): boolean => message === brokenReference;

/** The description of a fault for people. `before`: the text up to the fault. */
export function describeFault(message: string, before: string, line: number): Reason {
  if (message !== notACharacter) {
    const reference = quotable(before.slice(before.lastIndexOf('&')));
    return { code: 'reference-to-nothing', values: { line, reference } };
  }
  const found = before.at(-1) ?? '';
  if (found === '&') return { code: 'bare-ampersand', values: { line } };
  const number = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return { code: 'character-not-in-xml', values: { line, character: `U+${number}` } };
}

/**
 * The same text, as long as before, with a character that XML cannot hold in the place of each `&` that begins no
 * reference: a parser would read on to the next `;`, through any number of entities. Inside CDATA, comments and
 * instructions it may stand.
 *
 * @param textBefore the text in front of it, from a place on that lies in none of these
 */
export function hideBareAmpersands(textBefore: () => string, text: string): string {
  if (text.search(bareAmpersand) < 0) return text;
  const before = textBefore();
  const protectedSpans = spansIn(before + text);
  let next = 0;
  return text.replace(bareAmpersand, (ampersand, at: number) => {
    const place = before.length + at;
    while ((protectedSpans[next]?.end ?? Infinity) <= place) next += 1;
    return (protectedSpans[next]?.start ?? Infinity) <= place ? ampersand : notXml;
  });
}

/** Where the text ends in what may be the beginning of a reference; its length, where it does not. */
export function unfinishedReference(text: string): number {
  const found = text.lastIndexOf('&');
  if (found < 0 || text.length - found > longestReference) return text.length;
  return /[;<\s]/.test(text.slice(found)) ? text.length : found;
}

/**
 * An element of which some references are two halves of one character, as programs write that go by UTF-16 units
 * (`&#xD83D;&#xDE00;`). Null: there is another fault in it.
 */
export function joinSurrogates(element: string): string | null {
  const joined = element.replace(protectedOrPair, (found, high?: string, low?: string) =>
    high === undefined || low === undefined ? found : characterOf(unitOf(high), unitOf(low)),
  );
  return textOf(joined) === null ? null : joined;
}

/** The text of an element, without that of the elements in it; null: it is not well-formed. */
export function textOf(element: string): string | null {
  const fault = new Error('not well-formed');
  let text = '';
  let depth = 0;
  const parser = new SaxesParser({ defaultXMLVersion: '1.0', forceXMLVersion: true });
  const add = (piece: string) => {
    if (depth === 1) text += piece;
  };
  parser.on('error', () => {
    throw fault;
  });
  parser.on('opentag', () => (depth += 1));
  parser.on('closetag', () => (depth -= 1));
  parser.on('text', add);
  parser.on('cdata', add);
  try {
    parser.write(element).close();
  } catch (error) {
    if (error === fault) return null;
    throw error;
  }
  return text;
}

// The words of saxes.
const notACharacter = 'disallowed character.';
const brokenReference = 'malformed character entity.';
const characterFaults: ReadonlySet<string> = new Set([
  notACharacter,
  brokenReference,
  'undefined entity.',
  'disallowed character in entity name.',
  'empty entity name.',
]);

const notXml = '\uffff';
const longestReference = 64;

const bareAmpersand = /&(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z_:\u0080-\uffff][\w.:\u0080-\uffff-]*);)/g;

/** One that does not end goes to the end of the text. */
const protectedSpan = /<!\[CDATA\[[^]*?(?:\]\]>|$)|<!--[^]*?(?:-->|$)|<\?[^]*?(?:\?>|$)/g;

const protectedOrPair =
  /<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<\?[^]*?\?>|&#(x0*[dD][89abAB][0-9a-fA-F]{2}|0*5[56][0-9]{3});&#(x0*[dD][c-fC-F][0-9a-fA-F]{2}|0*5[67][0-9]{3});/g;

interface Span {
  readonly start: number;
  readonly end: number;
}

const spansIn = (text: string): Span[] =>
  [...text.matchAll(protectedSpan)].map(({ index, 0: found }) => ({
    start: index,
    end: index + found.length,
  }));

const unitOf = (digits: string): number =>
  digits.startsWith('x') ? parseInt(digits.slice(1), 16) : parseInt(digits, 10);

/** An invalid surrogate pair stays as it is, because nobody can read it. */
function characterOf(high: number, low: number): string {
  const isPair = high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
  return isPair ? String.fromCharCode(high, low) : `&#${high};&#${low};`;
}
