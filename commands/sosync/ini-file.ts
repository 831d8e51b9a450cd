/** A name of an INI file with its value. */
export interface IniEntry {
  readonly name: string;
  readonly value: string;
  /** The first is 1. */
  readonly line: number;
}

export interface IniMistake {
  readonly line: number;
  readonly reason: string;
}

export interface ReadIni {
  readonly entries: readonly IniEntry[];
  readonly mistakes: readonly IniMistake[];
}

/**
 * The entries of the one section that an INI file may have, each with its line. A value is everything after the first
 * `=`, without surrounding blanks and one pair of quotes: a password may contain `;` and `#`. Lines that begin with
 * them are comments. The libraries for INI give no line numbers, and read everything that they do not understand as a
 * name that is set to true.
 */
export function readIni(text: string, section: string): ReadIni {
  const entries: IniEntry[] = [];
  const mistakes: IniMistake[] = [];
  let isInSection = false;
  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .forEach((raw, index) => {
      const line = index + 1;
      const content = raw.trim();
      if (content === '' || content.startsWith(';') || content.startsWith('#')) return;
      const header = /^\[(.*)\]$/.exec(content);
      if (header !== null) {
        isInSection = header[1]?.trim() === section;
        if (!isInSection)
          mistakes.push({ line, reason: `the section ${content} is not known: [${section}] is` });
        return;
      }
      const [, name = '', value = ''] = /^([^=]*?)\s*=\s*(.*)$/.exec(content) ?? [];
      if (name === '') mistakes.push({ line, reason: `"${content}" is no setting: name = value` });
      else if (!isInSection)
        mistakes.push({ line, reason: `"${name}" stands outside of the section [${section}]` });
      else if (entries.some((entry) => entry.name === name))
        mistakes.push({ line, reason: `"${name}" stands twice` });
      else entries.push({ name, value: withoutQuotes(value), line });
    });
  return { entries, mistakes };
}

const withoutQuotes = (value: string): string => /^"(.*)"$/.exec(value)?.[1] ?? value;
