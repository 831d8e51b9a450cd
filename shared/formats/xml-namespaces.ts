import { SaxesParser } from 'saxes';

/** Prefixes that an element uses and that are declared outside of it, each with its namespace. */
export type Namespaces = ReadonlyMap<string, string>;

/** The namespaces that every file of ours declares, so that elements need no declarations of their own. */
const always: Readonly<Record<string, string>> = {
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  xsd: 'http://www.w3.org/2001/XMLSchema',
};

/** With what an element's attributes declare; those of every file that we write are left out. */
export function declaredBy(outside: Namespaces, attributes: Readonly<Record<string, string>>): Namespaces {
  let inside: Map<string, string> | null = null;
  for (const name in attributes) {
    if (!name.startsWith('xmlns:')) continue;
    inside ??= new Map(outside);
    const prefix = name.slice('xmlns:'.length);
    const uri = attributes[name] ?? '';
    if (always[prefix] === uri) inside.delete(prefix);
    else inside.set(prefix, uri);
  }
  return inside ?? outside;
}

/**
 * The element with the declarations of the prefixes in it, so that it can be read wherever it stands.
 * @param tag its own, as it was read
 */
export function withDeclarations(
  element: string,
  tag: { readonly name: string; readonly attributes: Readonly<Record<string, string>> },
  namespaces: Namespaces,
): string {
  if (namespaces.size === 0) return element;
  const declarations = [...namespaces]
    .filter(([prefix]) => element.includes(`${prefix}:`) && !Object.hasOwn(tag.attributes, `xmlns:${prefix}`))
    .map(([prefix, uri]) => ` xmlns:${prefix}="${escaped(uri)}"`);
  const behindName = 1 + tag.name.length;
  return element.slice(0, behindName) + declarations.join('') + element.slice(behindName);
}

/** True: every prefix in these elements is declared, in them or in every file that we write. */
export function areDeclared(elements: string): boolean {
  if (!usesPrefix.test(elements)) return true;
  const undeclared = new Error('not declared');
  const parser = new SaxesParser({ xmlns: true, additionalNamespaces: { ...always } });
  parser.on('error', () => {
    throw undeclared;
  });
  try {
    parser.write(`<elements>${elements}</elements>`).close();
  } catch (error) {
    if (error === undeclared) return false;
    throw error;
  }
  return true;
}

/** In the name of an element or of an attribute. */
const usesPrefix = /<\/?[^\s<>/:"']+:|\s[^\s<>/:="']+:[^\s<>/:="']+\s*=/;

const escaped = (uri: string): string =>
  uri.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replace(/\s/g, ' ');
