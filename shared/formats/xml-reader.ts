import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { quotable, type Reason } from '../domain/reason';
import { malformedXml, type XmlReason } from '../errors/catalog';
import {
  describeFault,
  hideBareAmpersands,
  isBrokenReference,
  isCharacterFault,
  joinSurrogates,
  textOf,
  unfinishedReference,
} from './xml-characters';
import { decodeXml } from './xml-decoding';
import {
  closeEntity,
  type EntityProblem,
  type FieldText,
  newEntity,
  type OpenEntity,
  type ReadEntity,
  setField,
  takeShared,
} from './xml-entity';
import { areDeclared, declaredBy, type Namespaces, withDeclarations } from './xml-namespaces';
import { createXmlSource } from './xml-source';

export interface XmlLimits {
  /** Elements inside elements, the root included. Above, the file is refused. */
  readonly maxDepth: number;
  /** Above, the file is refused. */
  readonly maxEntities: number;
  /** Length of one entity's element. Above, the entity is reported; one text or tag of four times that refuses the file. */
  readonly maxEntityLength: number;
  /** Above, the entity is reported. */
  readonly maxTextLength: number;
  /** Above, the entity is reported. */
  readonly maxFields: number;
}

/** Lengths in UTF-16 units. */
export const defaultXmlLimits: XmlLimits = {
  maxDepth: 64,
  maxEntities: 250_000,
  maxEntityLength: 1_048_576,
  maxTextLength: 262_144,
  maxFields: 1_000,
};

/**
 * The entities of an `ArrayOf…` document, in its order, as .NET's XmlSerializer writes them.
 *
 * Throws `malformed-xml` (with the line) for a document that is malformed, truncated, has a DOCTYPE, is no
 * `ArrayOf…`, or exceeds a limit of the file. What was yielded before must then not be applied.
 * Two entities of one Id are both yielded: only who sees the whole file can choose.
 */
export async function* readEntities(
  bytes: AsyncIterable<Uint8Array>,
  limits: XmlLimits = defaultXmlLimits,
): AsyncGenerator<ReadEntity | EntityProblem> {
  for await (const batch of readEntityBatches(bytes, limits)) yield* batch;
}

/** The same, as many at a time as a piece of the file holds: a promise for each would cost a tenth of the time. */
export async function* readEntityBatches(
  bytes: AsyncIterable<Uint8Array>,
  limits: XmlLimits = defaultXmlLimits,
): AsyncGenerator<readonly (ReadEntity | EntityProblem)[]> {
  let found: (ReadEntity | EntityProblem)[] = [];
  const parser = createEntityParser(limits, (entity) => found.push(entity));
  for await (const text of decodeXml(bytes, () => parser.line())) {
    parser.write(text);
    if (found.length > 0) yield found;
    found = [];
  }
  parser.end();
}

/** True where the text is one or more well-formed elements of that name and nothing else. */
export function isMarkupOf(name: string, xml: string): boolean {
  const refused = new Error('not that markup');
  const refuse = () => {
    throw refused;
  };
  let depth = 0;
  const refuseText = (text: string) => {
    if (depth === 1 && text.trim() !== '') refuse();
  };
  const parser = new SaxesParser(xml10);
  parser.on('error', refuse);
  parser.on('text', refuseText);
  parser.on('cdata', refuseText);
  parser.on('opentag', (tag) => {
    depth += 1;
    if ((depth === 2 && tag.name !== name) || depth > defaultXmlLimits.maxDepth - fieldDepth) refuse();
  });
  parser.on('closetag', () => (depth -= 1));
  try {
    parser.write(`<markup>${xml}</markup>`).close();
  } catch (error) {
    if (error === refused) return false;
    throw error;
  }
  return xml.includes('<') && areDeclared(xml);
}

/** Every document is read as XML 1.0, whatever it declares, because nobody uses the additions of 1.1. */
const xml10 = { defaultXMLVersion: '1.0', forceXMLVersion: true, xmlns: false } as const;

interface EntityParser {
  write(text: string): void;
  end(): void;
  /** That of the last character that was read, the first being 1. */
  line(): number;
}

/** The document's element is at depth 1, an entity's at 2, a field's at 3. */
const entityDepth = 2;
const fieldDepth = 3;

/** How much of an entity that is too large is kept for people to see. */
const excerptLength = 2_000;

/** The longest part of a text in an error about a character. No reference is longer. */
const longestFault = 80;

/**
 * The most character faults in one file; each costs an error. Nobody corrects a file with more of them entity by
 * entity.
 */
const maxCharacterFaults = 10_000;

const noNamespaces: Namespaces = new Map();

function createEntityParser(
  limits: XmlLimits,
  take: (entity: ReadEntity | EntityProblem) => void,
): EntityParser {
  const parser = new SaxesParser(xml10);
  const source = createXmlSource();
  let depth = 0;
  let entities = 0;
  let written = 0;
  let lastEvent = 0;
  let entity: OpenEntity | null = null;
  let characterFaults = 0;
  /** The beginning of a reference whose end has not come yet. */
  let unfinished = '';
  // Prefixes that the document's element declares, and with them those of the entity that is being read.
  let ofDocument = noNamespaces;
  let ofEntity = noNamespaces;
  let entityTag: SaxesTagPlain | null = null;
  /** The first reference that stands for no character, in what is being read: two of them may be one. */
  let broken: { readonly at: number; readonly reason: Reason } | null = null;
  // The state of the field that is being read.
  let text = '';
  let isNil = false;
  let isMarkup = false;
  let openTagEnd = 0;
  let fieldTag: SaxesTagPlain | null = null;
  // The number of fields read so far of the current entity.
  let place = 0;
  const namesByPlace: string[] = [];

  const refuse = (reason: XmlReason): never => {
    throw malformedXml(reason);
  };

  const openTag = (tag: SaxesTagPlain) => {
    depth += 1;
    lastEvent = parser.position;
    if (depth === fieldDepth) openField(tag);
    else if (depth > fieldDepth) isMarkup = true;
    else if (depth === entityDepth) openEntity(tag);
    else openDocument(tag);
    if (depth > limits.maxDepth)
      refuse({ code: 'xml-too-deep', values: { line: parser.line, most: limits.maxDepth } });
  };

  const openDocument = ({ name, attributes }: SaxesTagPlain) => {
    if (!localName(name).startsWith('ArrayOf'))
      refuse({ code: 'xml-no-array', values: { line: parser.line, element: quotable(name) } });
    ofDocument = declaredBy(noNamespaces, attributes);
  };

  const openEntity = (tag: SaxesTagPlain) => {
    entity = newEntity(source.lastIndexOf('<', parser.position), parser.line);
    entityTag = tag;
    ofEntity = declaredBy(ofDocument, tag.attributes);
    broken = null;
    place = 0;
  };

  const openField = (tag: SaxesTagPlain) => {
    const { name: tagName, attributes } = tag;
    fieldTag = tag;
    text = '';
    isNil = false;
    // Only markup can declare a prefix.
    isMarkup = tagName.includes(':');
    openTagEnd = parser.position;
    for (const name in attributes) {
      if (localName(name) === 'nil') isNil = ['true', '1'].includes((attributes[name] ?? '').trim());
      else if (!/^xmlns(:|$)/.test(name)) isMarkup = true;
    }
  };

  const addText = (piece: string) => {
    // saxes has read the "<" that ends a text.
    lastEvent = parser.position - 1;
    if (depth === fieldDepth) addFieldText(piece);
    else if (depth < fieldDepth && piece.trim() !== '') addLooseText();
  };

  const addFieldText = (piece: string) => {
    if (entity?.isTooLarge !== true) text += piece;
  };

  const addLooseText = () => {
    if (entity !== null) entity.hasLooseText = true;
    else if (depth === 1) refuse({ code: 'xml-text-between-entities', values: { line: parser.line } });
  };

  const closeTag = ({ name }: SaxesTagPlain) => {
    lastEvent = parser.position;
    if (depth === fieldDepth && entity !== null) endField(entity, name);
    else if (depth === entityDepth && entity !== null) endEntity(entity);
    depth -= 1;
  };

  const endField = (owner: OpenEntity, tagName: string) => {
    const { fields, openTagEnds, ends } = owner;
    owner.isTooLarge ||= text.length > limits.maxTextLength || ends.length >= limits.maxFields;
    if (owner.isTooLarge) return;
    const name = nameHere(tagName);
    const value = broken === null ? fieldValue() : mendedValue(owner, broken);
    if (takeShared(owner, name, value)) return;
    if (Object.hasOwn(fields, name)) {
      repeatField(owner, name);
      return;
    }
    setField(fields, name, value);
    openTagEnds.push(openTagEnd);
    ends.push(parser.position);
  };

  /**
   * Entities repeat their names in one order. The string of the entity before has been a name already; a new one, cut out
   * of the document, V8 would have to look up by its characters: a tenth of the time.
   */
  const nameHere = (name: string): string => {
    const before = namesByPlace[place];
    if (before !== name) namesByPlace[place] = name;
    place += 1;
    return before === name ? before : name;
  };

  const fieldValue = (): FieldText => {
    if (isMarkup) return markup(element(openTagEnd, parser.position));
    return isNil ? null : text;
  };

  const markup = (xml: string): FieldText => {
    const whole = fieldTag === null ? xml : withDeclarations(xml, fieldTag, ofEntity);
    if (entity !== null && !areDeclared(whole))
      entity.fault ??= { code: 'prefix-undeclared', values: { element: quotable(fieldTag?.name ?? '') } };
    return { xml: whole };
  };

  /** Halves of characters are put together; of what is broken otherwise the value does not count. */
  const mendedValue = (owner: OpenEntity, { at, reason }: NonNullable<typeof broken>): FieldText => {
    const isInside = at > source.lastIndexOf('<', openTagEnd);
    const joined = isInside ? joinSurrogates(element(openTagEnd, parser.position)) : null;
    broken = null;
    if (joined === null) {
      owner.fault ??= reason;
      return text;
    }
    return isMarkup ? markup(joined) : textOf(joined);
  };

  /** A list without an element of its own: all its elements, one after another, are the field. */
  const repeatField = ({ fields, openTagEnds, ends }: OpenEntity, name: string) => {
    const before = fields[name];
    const place = Object.keys(fields).indexOf(name);
    const isMarkupAlready = typeof before === 'object' && before !== null;
    const soFar = isMarkupAlready ? before.xml : element(openTagEnds[place] ?? 0, ends[place] ?? 0);
    setField(fields, name, { xml: soFar + element(openTagEnd, parser.position) });
  };

  /** There is no other "<" in a tag. */
  const element = (behindOpenTag: number, end: number) =>
    source.slice(source.lastIndexOf('<', behindOpenTag), end);

  const endEntity = (ended: OpenEntity) => {
    entity = null;
    entities += 1;
    ended.fault ??= broken?.reason ?? null;
    if (entities > limits.maxEntities)
      refuse({ code: 'xml-too-many-entities', values: { line: parser.line, most: limits.maxEntities } });
    ended.isTooLarge ||= parser.position - ended.start > limits.maxEntityLength;
    if (ended.isTooLarge) take(closeEntity(ended, ended.excerpt ?? excerptOf(ended)));
    else take(closeEntity(ended, wholeElement(ended)));
  };

  /** It is kept on its own, and may come back on its own. */
  const wholeElement = ({ start }: OpenEntity) => {
    const raw = source.slice(start, parser.position);
    return entityTag === null ? raw : withDeclarations(raw, entityTag, ofDocument);
  };

  const excerptOf = ({ start }: OpenEntity) => source.slice(start, start + excerptLength);

  /** Keeps what may still be asked for, and refuses a text that continues for ever: saxes keeps it until it ends. */
  const forgetWhatIsDone = () => {
    if (written - lastEvent > 4 * limits.maxEntityLength)
      refuse({ code: 'xml-text-too-long', values: { line: parser.line } });
    if (entity !== null && written - entity.start > limits.maxEntityLength) entity.isTooLarge = true;
    if (entity?.isTooLarge === true) entity.excerpt ??= excerptOf(entity);
    source.forget(entity === null || entity.isTooLarge ? lastEvent : entity.start);
  };

  /** An error in a single character makes only its entity faulty; any other error refuses the file. */
  const takeFault = (error: Error) => {
    const message = error.message.replace(/^\d+:\d+: /, '');
    if (entity === null || !isCharacterFault(message) || characterFaults >= maxCharacterFaults)
      refuse({ code: 'xml-malformed', values: { line: parser.line, said: quotable(message) } });
    else takeCharacterFault(entity, message);
  };

  const takeCharacterFault = (owner: OpenEntity, message: string) => {
    characterFaults += 1;
    if (owner.fault !== null) return;
    const at = parser.position;
    const reason = describeFault(
      message,
      source.slice(Math.max(at - longestFault, owner.start), at),
      parser.line,
    );
    if (isBrokenReference(message)) broken ??= { at, reason };
    else owner.fault = reason;
  };

  const parse = (next: string) => {
    const whole = unfinished + next;
    const end = unfinishedReference(whole);
    unfinished = whole.slice(end);
    const start = written - whole.length;
    parser.write(hideBareAmpersands(() => source.slice(lastEvent, start), whole.slice(0, end)));
  };

  // Not more than seven handlers: with the eighth, V8 keeps the parser as a dictionary, at a quarter of the speed.
  parser.on('error', takeFault);
  parser.on('doctype', () => refuse({ code: 'xml-doctype', values: { line: parser.line } }));
  parser.on('opentag', openTag);
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', closeTag);

  return {
    write: (chunk) => {
      source.append(chunk);
      written += chunk.length;
      if (unfinished !== '' || chunk.includes('&')) parse(chunk);
      else parser.write(chunk);
      forgetWhatIsDone();
    },
    end: () => {
      if (unfinished !== '') parser.write(hideBareAmpersands(() => '', unfinished));
      parser.close();
    },
    line: () => parser.line,
  };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
