import type { NameRules } from '../../pipeline/system';

/**
 * "Invalid file names and file types in OneDrive and SharePoint": the names that a library refuses. Names are compared
 * without case and stored as they were written.
 */
export const sharepointNames: NameRules = { isCaseBlind: true, form: 'any', fitting: fittingName };

/** Null: a library accepts the name. Otherwise the most similar name that it accepts: `a:b` → `a_b`, `CON` → `CON_`. */
function fittingName(name: string): string | null {
  const fitting = notReserved(withoutEdges(withoutCharacters(name)));
  return fitting === name ? null : fitting;
}

/** `" * : < > ? / \ |`, control characters, and halves of surrogate pairs, which cannot be written in UTF-8. */
const withoutCharacters = (name: string): string =>
  Buffer.from(name.replaceAll(/["*:<>?/\\|\u0000-\u001f\u007f]/g, '_')).toString();

/** "Leading and trailing spaces"; some clients silently remove a dot at the end, so it is never written. */
const withoutEdges = (name: string): string =>
  name
    .replace(/^\s+/, (spaces) => '_'.repeat(spaces.length))
    .replace(/[\s.]+$/, (edge) => '_'.repeat(edge.length));

const reserved = /^(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)$/i;

function notReserved(name: string): string {
  if (name === '') return '_';
  // "Any filename starting with ~$": files that Office makes next to an open document.
  const unmarked = name.replace(/^~\$/, '~_').replaceAll(/_vti_/gi, (word) => word.replaceAll('_', '-'));
  return reserved.test(unmarked) ? `${unmarked}_` : unmarked;
}
