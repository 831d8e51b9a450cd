import { readEntities } from '../../shared/formats/xml-reader';
import { piecesOfFile } from './read-file';
import { isSystemError } from './system-error';

/**
 * One element of a parameter file, kept as it is written, so that nothing is lost that this program does not
 * understand.
 */
export interface SettingElement {
  /** Null: the element has no usable id. */
  readonly id: string | null;
  readonly raw: string;
}

/** The elements of `xml/<Class>.xml`, or null if there is no such file. @throws AppError `malformed-xml`. */
export async function readSettings(file: string): Promise<SettingElement[] | null> {
  try {
    return await readSettingsFrom(piecesOfFile(file));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** @throws AppError `malformed-xml`. */
export async function readSettingsFrom(bytes: AsyncIterable<Buffer>): Promise<SettingElement[]> {
  const elements: SettingElement[] = [];
  for await (const entity of readEntities(bytes)) {
    elements.push({ id: entity.kind === 'entity' ? entity.id : null, raw: entity.raw });
  }
  return elements;
}

/** A parameter file in .NET XmlSerializer's style, with these elements as they are. */
export function* settingsText(className: string, elements: Iterable<SettingElement>): Generator<string> {
  yield '<?xml version="1.0" encoding="utf-8"?>\n';
  yield `<ArrayOfDef${className} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n`;
  for (const { raw } of elements) yield `  ${raw}\n`;
  yield `</ArrayOfDef${className}>\n`;
}
