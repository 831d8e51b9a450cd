import { SaxesParser, type SaxesTagNS } from 'saxes';
import { decodeXml } from './xml-decoding';

/** One `response` of a multi-status answer (RFC 4918, 13). */
export interface DavResponse {
  /** As the server wrote it. */
  readonly href: string;
  /** The status of the whole resource. Null: its properties have their own statuses. */
  readonly status: number | null;
  /** The properties that it has, by `{namespace}name`. */
  readonly properties: ReadonlyMap<string, DavProperty>;
}

export interface DavProperty {
  /** All text in it. */
  readonly text: string;
  /** The elements in it, at whatever depth, by `{namespace}name`. */
  readonly elements: readonly string[];
}

/** Lengths in UTF-16 units. */
export interface MultistatusLimits {
  readonly maxResponses: number;
  readonly maxTextLength: number;
}

export const usualMultistatusLimits: MultistatusLimits = { maxResponses: 1_000_000, maxTextLength: 65_536 };

/**
 * Reads a multi-status response; yields the entries of each chunk together. Throws if the document is cut off,
 * malformed, of another kind, or beyond the limits. The entries before that are then incomplete.
 */
export async function* readMultistatus(
  bytes: AsyncIterable<Uint8Array>,
  limits: MultistatusLimits = usualMultistatusLimits,
): AsyncGenerator<readonly DavResponse[]> {
  let found: DavResponse[] = [];
  const parser = createMultistatusParser(limits, (response) => found.push(response));
  for await (const text of decodeXml(bytes, () => parser.line())) {
    parser.write(text);
    if (found.length > 0) yield found;
    found = [];
  }
  parser.end();
}

const dav = (name: string): string => `{DAV:}${name}`;
/** A property is at 5: multistatus, response, propstat, prop. */
const propertyDepth = 5;
const maxDepth = 32;
const maxPropertiesOfOne = 200;

interface OpenProperty {
  readonly name: string;
  text: string;
  readonly elements: string[];
}

interface OpenResponse {
  href: string | null;
  status: number | null;
  readonly properties: Map<string, DavProperty>;
}

interface OpenPropstat {
  status: number | null;
  readonly properties: Map<string, DavProperty>;
}

/** Only what was asked for is kept, and it is small; a document type could name entities, and no server needs one. */
function createMultistatusParser(limits: MultistatusLimits, take: (response: DavResponse) => void) {
  const parser = new SaxesParser({ xmlns: true, defaultXMLVersion: '1.0', forceXMLVersion: true });
  const path: string[] = [];
  let text = '';
  let responses = 0;
  let written = 0;
  let lastEvent = 0;
  let response: OpenResponse | null = null;
  let propstat: OpenPropstat | null = null;
  let property: OpenProperty | null = null;

  const refuse = (reason: string): never => {
    throw new Error(`line ${parser.line}: ${reason}`);
  };

  parser.on('error', (error) => refuse(error.message.replace(/^\d+:\d+: /, '')));
  parser.on('doctype', () => refuse('a document type is not accepted'));
  parser.on('opentag', ({ uri, local }: SaxesTagNS) => {
    const name = `{${uri}}${local}`;
    path.push(name);
    text = '';
    lastEvent = parser.position;
    if (path.length > maxDepth) refuse('too many elements in one another');
    if (path.length === 1 && name !== dav('multistatus')) refuse('it is no multi-status answer');
    if (path.length === 2 && name === dav('response')) response = newResponse();
    else if (path.length === 3 && name === dav('propstat'))
      propstat = { status: null, properties: new Map() };
    else if (path.length === propertyDepth && path[3] === dav('prop')) property = newProperty(name);
    else property?.elements.push(name);
  });
  parser.on('text', (piece) => addText(piece));
  parser.on('cdata', (piece) => addText(piece));
  parser.on('closetag', () => {
    lastEvent = parser.position;
    close(path.pop() ?? '', path.length + 1);
  });

  function addText(piece: string): void {
    lastEvent = parser.position - 1;
    text += piece;
    if (property !== null) property.text += piece;
    if (Math.max(text.length, property?.text.length ?? 0) > limits.maxTextLength)
      refuse('a text is too long');
  }

  function close(name: string, depth: number): void {
    if (depth === propertyDepth && property !== null) endProperty(property);
    else if (depth === 4 && name === dav('status') && propstat !== null) propstat.status = statusIn(text);
    else if (depth === 3 && name === dav('propstat')) endPropstat();
    else if (depth === 3 && name === dav('href') && response !== null) response.href ??= text.trim();
    else if (depth === 3 && name === dav('status') && response !== null) response.status = statusIn(text);
    else if (depth === 2 && response !== null) endResponse(response);
  }

  function endProperty(ended: OpenProperty): void {
    property = null;
    propstat?.properties.set(ended.name, ended);
    if ((propstat?.properties.size ?? 0) > maxPropertiesOfOne) refuse('too many properties');
  }

  function endPropstat(): void {
    if (propstat !== null && isSuccess(propstat.status))
      for (const [name, value] of propstat.properties) response?.properties.set(name, value);
    propstat = null;
  }

  function endResponse({ href, status, properties }: OpenResponse): void {
    response = null;
    responses += 1;
    if (responses > limits.maxResponses) refuse('too many responses');
    if (href === null || href === '') refuse('a response names nothing');
    else take({ href, status, properties });
  }

  return {
    write(piece: string): void {
      written += piece.length;
      parser.write(piece);
      // saxes keeps a text, and a tag, until it ends.
      if (written - lastEvent > limits.maxTextLength * 4) refuse('a text or a tag does not end');
    },
    end: () => void parser.close(),
    line: () => parser.line,
  };
}

const newResponse = (): OpenResponse => ({ href: null, status: null, properties: new Map() });
const newProperty = (name: string): OpenProperty => ({ name, text: '', elements: [] });

/** "HTTP/1.1 200 OK". Null: it is none. */
function statusIn(line: string): number | null {
  const [, code] = /^\s*HTTP\/\d(?:\.\d)?\s+(\d{3})/.exec(line) ?? [];
  return code === undefined ? null : Number(code);
}

const isSuccess = (status: number | null): boolean => status !== null && status >= 200 && status < 300;
