import { escaped } from './xml-writer';

/** The content of an element: text, nothing, or elements by their names. */
export type XmlContent = string | number | boolean | null | { readonly [element: string]: XmlContent };

export const xmlDeclaration = '<?xml version="1.0" encoding="utf-8"?>\n';

/** An element without attributes. A character that XML cannot hold becomes U+FFFD. */
export function xmlElement(name: string, content: XmlContent): string {
  if (content === null || content === '') return `<${name}/>`;
  const inner =
    typeof content === 'object'
      ? Object.entries(content)
          .map(([child, value]) => xmlElement(child, value))
          .join('')
      : escaped(String(content));
  return `<${name}>${inner}</${name}>`;
}
