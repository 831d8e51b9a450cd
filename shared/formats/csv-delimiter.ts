/** The delimiter of a file, by its header row: the one with which a column `Id` exists, else the most frequent one. */
export function detectDelimiter(headerRow: string): ',' | ';' | '\t' {
  const unquoted = headerRow.replace(/"[^"]*"/g, (name) => name.replace(/[,;\t]/g, ' '));
  const candidates = delimiters.map((delimiter) => {
    const names = unquoted.split(delimiter).map((name) => name.replaceAll('"', '').trim().toLowerCase());
    return { delimiter, score: names.length + (names.includes('id') ? headerRow.length : 0) };
  });
  return candidates.reduce((best, candidate) => (candidate.score > best.score ? candidate : best)).delimiter;
}

const delimiters = [',', ';', '\t'] as const;
