import { style } from './report-style';

// A report as one page of HTML: nothing is loaded from elsewhere, and nothing runs in it.

/** In both languages: the page shows the one that is chosen on it. */
export interface Both {
  readonly en: string;
  readonly fr: string;
}

type Language = keyof Both;

export interface PageRow {
  readonly id: string;
  readonly title: Both;
  /** The sentence that was tested, and its heading in the protocol, in English as the protocol is. Null: there is none. */
  readonly source: { readonly heading: string; readonly sentence: string } | null;
  readonly state: 'good' | 'bad' | 'open';
  /** Why, if the state is not good. `text` is in English. */
  readonly reasons: readonly { readonly label: Both | null; readonly text: string }[];
}

export interface Page {
  readonly title: Both;
  /** The address of the server that was talked to. */
  readonly url: string;
  readonly at: Date;
  readonly rows: readonly PageRow[];
}

const words = {
  good: { en: 'passed', fr: 'réussi' },
  bad: { en: 'failed', fr: 'échoué' },
  open: { en: 'not seen', fr: 'non vérifié' },
} as const satisfies Record<PageRow['state'], Both>;

const counts = {
  good: { en: 'passed', fr: 'réussies' },
  bad: { en: 'failed', fr: 'échouées' },
  open: { en: 'not seen', fr: 'non vérifiées' },
} as const satisfies Record<PageRow['state'], Both>;

const texts = {
  allGood: { en: 'Everything that was tested passed.', fr: 'Tout ce qui a été vérifié est réussi.' },
  someBad: { en: 'Not everything passed.', fr: 'Tout n’est pas réussi.' },
  nothing: { en: 'Nothing could be tested.', fr: 'Rien n’a pu être vérifié.' },
  others: { en: 'Other checks', fr: 'Autres vérifications' },
  protocol: { en: 'The protocol says', fr: 'Le protocole dit' },
} as const satisfies Record<string, Both>;

/** Those that failed come first, then those that were not seen, then the others by heading of the protocol. */
export function pageOf(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(page.title.en)} – ${escaped(page.title.fr)}</title>
<style>${style}</style>
</head>
<body>
<nav aria-label="Language, langue">
<input type="radio" name="language" id="choose-en" checked><label for="choose-en">English</label>
<input type="radio" name="language" id="choose-fr"><label for="choose-fr" lang="fr">Français</label>
</nav>
${inLanguage(page, 'en')}
${inLanguage(page, 'fr')}
</body>
</html>
`;
}

function inLanguage({ title, url, at, rows }: Page, lang: Language): string {
  const of = (state: PageRow['state']) => rows.filter((row) => row.state === state);
  const time = `${new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`;
  return `<main lang="${lang}" class="${lang}">
<header>
<h1>${escaped(title[lang])}</h1>
<p class="about"><span>${escaped(url)}</span> <time datetime="${at.toISOString()}">${escaped(time)}</time></p>
<p class="verdict ${verdictOf(rows).state}">${verdictOf(rows).text[lang]}</p>
<ul class="tally">${tallied
    .map((state) => `<li class="${state}"><b>${of(state).length}</b> ${counts[state][lang]}</li>`)
    .join('')}</ul>
<div class="bar" aria-hidden="true">${tallied
    .map((state) => `<i class="${state}" style="flex-grow:${of(state).length}"></i>`)
    .join('')}</div>
</header>
${[...of('bad'), ...of('open')].map((row) => cardOf(row, lang)).join('\n')}
${[...byHeading(of('good'))].map(([heading, group]) => groupOf(heading, group, lang)).join('\n')}
</main>`;
}

const tallied: readonly PageRow['state'][] = ['good', 'bad', 'open'];

function verdictOf(rows: readonly PageRow[]): { readonly state: PageRow['state']; readonly text: Both } {
  if (rows.some(({ state }) => state === 'bad')) return { state: 'bad', text: texts.someBad };
  return rows.some(({ state }) => state === 'good')
    ? { state: 'good', text: texts.allGood }
    : { state: 'open', text: texts.nothing };
}

/** A check that did not pass, with all that there is to know. */
function cardOf({ id, title, source, state, reasons }: PageRow, lang: Language): string {
  const said = reasons.map(({ label, text }) => {
    const term = label === null ? '' : `<b lang="${lang}">${escaped(label[lang])}</b> `;
    return `<p lang="en">${term}<span>${escaped(text)}</span></p>`;
  });
  const quoted =
    source === null
      ? ''
      : `<p class="source">${texts.protocol[lang]} (<span lang="en">${escaped(source.heading)}</span>):</p>
<blockquote lang="en">${withCode(source.sentence)}</blockquote>`;
  return `<article class="${state}">
<h2>${escaped(title[lang])} <span class="state">${words[state][lang]}</span></h2>
<p><code>${escaped(id)}</code></p>
${quoted}
${said.join('\n')}
</article>`;
}

function byHeading(rows: readonly PageRow[]): Map<string | null, PageRow[]> {
  const groups = new Map<string | null, PageRow[]>();
  for (const row of rows) {
    const heading = row.source?.heading ?? null;
    groups.set(heading, [...(groups.get(heading) ?? []), row]);
  }
  return groups;
}

function groupOf(heading: string | null, rows: readonly PageRow[], lang: Language): string {
  const head = heading === null ? texts.others[lang] : `<span lang="en">${escaped(heading)}</span>`;
  return `<section>
<h2>${head} <span class="state good">${rows.length} ${words.good[lang]}</span></h2>
<ul class="checks">
${rows.map((row) => lineOf(row, lang)).join('\n')}
</ul>
</section>`;
}

function lineOf({ id, title, source }: PageRow, lang: Language): string {
  const sentence = source === null ? '' : `<q lang="en">${withCode(source.sentence)}</q>`;
  return `<li><div>${escaped(title[lang])} <code>${escaped(id)}</code></div>${sentence}</li>`;
}

/** The protocol marks its words as Markdown does. */
const withCode = (sentence: string): string =>
  escaped(sentence)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
