import { readFileSync } from 'node:fs';
import { checks } from '../../client/conformance/checks';

/** The text below a heading, up to the next one of any depth; white space counts as one blank. */
function sections(): Map<string, string> {
  const page = readFileSync('docs/protocol.md', 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  const parts = page.split(/^#+ /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...rest] = part.split('\n');
      return [heading, rest.join(' ').replaceAll(/\s+/g, ' ')];
    }),
  );
}

test('every check quotes a sentence that stands in the protocol, under the heading that it names', () => {
  const byHeading = sections();
  const lost = checks.filter(({ section, sentence }) => byHeading.get(section)?.includes(sentence) !== true);
  expect(lost.map(({ id, section, sentence }) => ({ id, section, sentence }))).toEqual([]);
});

test('every check has a name of its own', () => {
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
});

test('the titles of the checks differ in both languages', () => {
  for (const language of ['en', 'fr'] as const)
    expect(new Set(checks.map(({ title }) => title[language])).size).toBe(checks.length);
});
