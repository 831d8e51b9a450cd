import XMLBuilder from 'fast-xml-builder';
import type { ParameterClass } from '../catalog/parameter-classes';
import type { Fields, FieldValue } from '../domain/merge-copy';
import { isSharedField } from './xml-entity';

export interface WrittenEntity {
  readonly id: string;
  /** The server's key; null: none is known. */
  readonly idServer: string | null;
  readonly ts: string | null;
  readonly isActive: boolean;
  readonly fields: Fields;
}

/**
 * A class's file, UTF-8, as .NET's XmlSerializer writes it, in chunks. Declared fields come in the order of their
 * declaration, then the others by name, then markup as it was sent. A character that XML cannot contain becomes U+FFFD,
 * so that what we send can always be read.
 */
export function* writeEntities(
  parameterClass: ParameterClass,
  entities: Iterable<WrittenEntity>,
): Generator<string, void, undefined> {
  const writer = createWriter(parameterClass);
  yield writer.opening;
  let page: WrittenEntity[] = [];
  for (const entity of entities) {
    page.push(entity);
    if (page.length < entitiesPerChunk) continue;
    yield writer.page(page);
    page = [];
  }
  yield writer.page(page) + writer.closing;
}

/** The same for entities that come in pages: a chunk per page. */
export async function* writeEntityPages(
  parameterClass: ParameterClass,
  pages: AsyncIterable<readonly WrittenEntity[]>,
): AsyncGenerator<string, void, undefined> {
  const writer = createWriter(parameterClass);
  yield writer.opening;
  for await (const page of pages) yield writer.page(page);
  yield writer.closing;
}

function createWriter({ itemElement, columns }: ParameterClass) {
  const root = `ArrayOf${itemElement}`;
  const order = new Map(columns.map(({ name }, index) => [name, index]));
  return {
    opening: `<?xml version="1.0" encoding="utf-8"?>\n<${root} ${namespaces}>\n`,
    page: (entities: readonly WrittenEntity[]) =>
      elementsText(
        itemElement,
        entities.map((entity) => elementOf(entity, order)),
      ),
    closing: `</${root}>\n`,
  };
}

const namespaces =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
const entitiesPerChunk = 500;

/** The input of the builder for an element: a property per child element. */
type Element = Record<string, string | { '@_xsi:nil': 'true' }>;

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@_',
  format: true,
  indentBy: '  ',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  // It would not write CR as a reference, and markup must stay as it was sent: the values are escaped here.
  processEntities: false,
});

function elementsText(itemElement: string, elements: readonly Element[]): string {
  if (elements.length === 0) return '';
  const wrapped = builder.build({ x: { [itemElement]: elements } });
  return wrapped.slice('<x>\n'.length, -'</x>\n'.length);
}

function elementOf(entity: WrittenEntity, order: ReadonlyMap<string, number>): Element {
  const place = (name: string) => order.get(name) ?? order.size;
  const fields = Object.entries(entity.fields)
    // A field that was stored under another spelling of its name would otherwise be written twice.
    .filter(([name]) => !isSharedField(name))
    .sort(([one], [other]) => place(one) - place(other) || (one < other ? -1 : 1));
  return Object.fromEntries([
    ['Id', escaped(entity.id)],
    ['idServer', escaped(entity.idServer ?? '')],
    ['Ts', escaped(entity.ts ?? '')],
    ['IsActive', String(entity.isActive)],
    ...fields.filter(([, value]) => !isMarkup(value)).map(([name, value]) => [name, childOf(value)] as const),
    ...markupOf(fields),
  ]);
}

function isMarkup(value: FieldValue): value is { xml: string } {
  return typeof value === 'object' && value !== null;
}

function childOf(value: FieldValue): Element[string] {
  if (value === null) return { '@_xsi:nil': 'true' };
  return escaped(typeof value === 'object' ? value.xml : String(value));
}

/** Text of the entity's own to the builder: it is written as it is. */
function markupOf(fields: readonly [string, FieldValue][]): [string, string][] {
  const lines = fields.flatMap(([, value]) => (isMarkup(value) ? `    ${value.xml}\n` : []));
  return lines.length === 0 ? [] : [['#text', lines.join('')]];
}

/** CR as a reference: a reader would take it for the end of a line. */
export function escaped(text: string): string {
  return text.replace(/[&<>\r\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Surrogate}]/gu, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '\r':
        return '&#xD;';
      default:
        return '\ufffd';
    }
  });
}
