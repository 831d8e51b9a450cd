import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { malformedXml } from '../errors/catalog';
import { decodeXml } from './xml-decoding';
import {
  closeEntity,
  type EntityProblem,
  newEntity,
  type OpenEntity,
  type ReadEntity,
  repeatField,
} from './xml-entity';
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
  const found: (ReadEntity | EntityProblem)[] = [];
  const parser = createEntityParser(limits, (entity) => found.push(entity));
  for await (const text of decodeXml(bytes)) {
    parser.write(text);
    for (const entity of found) yield entity;
    found.length = 0;
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
  return xml.includes('<');
}

/** Whatever the document says of itself: what 1.1 adds, nobody writes. */
const xml10 = { defaultXMLVersion: '1.0', forceXMLVersion: true, xmlns: false } as const;

interface EntityParser {
  write(text: string): void;
  end(): void;
}

/** The document's element is at depth 1, an entity's at 2, a field's at 3. */
const entityDepth = 2;
const fieldDepth = 3;

/** How much of an entity that is too large is kept for people to see. */
const excerptLength = 2_000;

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
  let tagStart = 0;
  let entity: OpenEntity | null = null;
  let field: OpenField | null = null;

  const refuse = (reason: string): never => {
    throw malformedXml(parser.line, reason);
  };

  const openTag = (tag: SaxesTagPlain) => {
    depth += 1;
    lastEvent = parser.position;
    if (depth > limits.maxDepth) refuse(`More than ${limits.maxDepth} elements lie inside each other.`);
    if (depth === 1 && !localName(tag.name).startsWith('ArrayOf')) refuse(`<${tag.name}> is no ArrayOf….`);
    if (depth === entityDepth) entity = newEntity(tagStart, parser.line);
    else if (depth === fieldDepth) field = newField(tag, tagStart);
    else if (field !== null) field.isMarkup = true;
  };

  const addText = (text: string) => {
    // saxes has read the "<" that ends a text.
    lastEvent = parser.position - 1;
    if (entity?.isTooLarge === true) return;
    if (depth === fieldDepth && field !== null) field.text += text;
    else if (text.trim() === '') return;
    else if (depth === entityDepth && entity !== null) entity.hasLooseText = true;
    else if (depth === 1) refuse('There is text between the entities.');
  };

  const closeTag = () => {
    lastEvent = parser.position;
    if (depth === fieldDepth && entity !== null && field !== null) endField(entity, field);
    if (depth === entityDepth && entity !== null) endEntity(entity);
    depth -= 1;
  };

  const endField = (owner: OpenEntity, ended: OpenField) => {
    field = null;
    owner.fieldCount += 1;
    owner.isTooLarge ||= ended.text.length > limits.maxTextLength || owner.fieldCount > limits.maxFields;
    if (owner.isTooLarge) return;
    const { name, start } = ended;
    const before = owner.elements.get(name);
    owner.elements.set(name, { start, end: parser.position });
    const element = source.slice(start, parser.position);
    if (before === undefined)
      owner.fields.set(name, ended.isMarkup ? { xml: element } : ended.isNil ? null : ended.text);
    else repeatField(owner, name, source.slice(before.start, before.end), element);
  };

  const endEntity = (ended: OpenEntity) => {
    entity = null;
    entities += 1;
    if (entities > limits.maxEntities) refuse(`There are more than ${limits.maxEntities} entities.`);
    ended.isTooLarge ||= parser.position - ended.start > limits.maxEntityLength;
    if (ended.isTooLarge) take(closeEntity(ended, ended.excerpt ?? excerptOf(ended)));
    else take(closeEntity(ended, source.slice(ended.start, parser.position)));
  };

  const excerptOf = ({ start }: OpenEntity) => source.slice(start, start + excerptLength);

  /** Keeps what may still be asked for, and refuses a text that goes on for ever: saxes keeps it until it ends. */
  const forgetWhatIsDone = () => {
    if (written - lastEvent > 4 * limits.maxEntityLength) refuse('A text or a tag is too long.');
    if (entity === null) source.forget(lastEvent);
    else if (written - entity.start > limits.maxEntityLength) {
      entity.isTooLarge = true;
      entity.excerpt ??= excerptOf(entity);
      source.forget(lastEvent);
    }
  };

  parser.on('error', (error) => refuse(error.message.replace(/^\d+:\d+: /, '')));
  parser.on('doctype', () => refuse('A DOCTYPE is not read here.'));
  parser.on('opentagstart', ({ name }) => (tagStart = source.tagStart(name, parser.position)));
  parser.on('opentag', openTag);
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', closeTag);

  return {
    write: (text) => {
      source.append(text);
      written += text.length;
      parser.write(text);
      forgetWhatIsDone();
    },
    end: () => void parser.close(),
  };
}

interface OpenField {
  readonly name: string;
  readonly start: number;
  readonly isNil: boolean;
  text: string;
  isMarkup: boolean;
}

function newField(tag: SaxesTagPlain, start: number): OpenField {
  const attributes = Object.entries(tag.attributes);
  const isNil = attributes.some(([name, value]) => isNilName(name) && ['true', '1'].includes(value.trim()));
  const others = attributes.filter(([name]) => !isNilName(name) && !/^xmlns(:|$)/.test(name));
  return { name: tag.name, start, isNil, text: '', isMarkup: others.length > 0 };
}

const isNilName = (name: string) => localName(name) === 'nil';

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
