import { type LocalCopy, xmlFile } from './local-copy';
import { readSettings, type SettingElement, settingsText } from './settings-file';

/** Changes the settings of one class as a person at the device would. @returns whether anything changed. */
export async function editSettings(
  copy: LocalCopy,
  className: string,
  edit: (elements: readonly SettingElement[]) => readonly SettingElement[],
): Promise<boolean> {
  return copy.exclusively(async () => {
    const before = (await readSettings(xmlFile(copy.dir, className))) ?? [];
    const after = edit(before);
    if (after === before) return false;
    await copy.files.write(xmlFile(copy.dir, className), settingsText(className, after));
    return true;
  });
}

/** The text of a field of an element; null if it has none. Nested elements are not searched. */
export function fieldText({ raw }: SettingElement, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(raw);
  if (found?.[1] === undefined) return new RegExp(`<${name}\\s*/>`).test(raw) ? '' : null;
  return unescaped(found[1]);
}

/** The element with another text in one of its fields. */
export function withField(element: SettingElement, name: string, text: string): SettingElement {
  const field = new RegExp(`<${name}>[^<]*</${name}>|<${name}\\s*/>`);
  const raw = element.raw.replace(field, () => `<${name}>${escaped(text)}</${name}>`);
  return { id: name === 'Id' ? text : element.id, raw };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
