// A report as one page of HTML: nothing is loaded from elsewhere, and nothing runs in it.

/** In both languages: the page shows one beside the other. */
export interface Both {
  readonly en: string;
  readonly fr: string;
}

export interface PageRow {
  readonly id: string;
  readonly title: Both;
  /** The place of the sentence, or what happened. */
  readonly lines: readonly string[];
  readonly state: 'good' | 'bad' | 'open';
  /** Why, if the state is not good. In English, as the protocol is. */
  readonly reasons: readonly string[];
}

export interface Page {
  readonly title: Both;
  /** e.g. the address of the server and the time. */
  readonly about: readonly string[];
  readonly rows: readonly PageRow[];
}

export const stateWords: Readonly<Record<PageRow['state'], Both>> = {
  good: { en: 'passed', fr: 'réussi' },
  bad: { en: 'failed', fr: 'échoué' },
  open: { en: 'not seen', fr: 'non vérifié' },
};

/** Those that failed come first. */
export function pageOf({ title, about, rows }: Page): string {
  const order: readonly PageRow['state'][] = ['bad', 'open', 'good'];
  const sorted = [...rows].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  const language = (lang: 'en' | 'fr') => `<section lang="${lang}">
<h2>${escaped(title[lang])}</h2>
<p>${order.map((state) => `<b>${countOf(rows, state)}</b> ${stateWords[state][lang]}`).join(' · ')}</p>
<table>
<thead><tr>${heads[lang].map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${sorted.map((row) => rowHtml(row, lang)).join('\n')}
</tbody>
</table>
</section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title.en)} – ${escaped(title.fr)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>ePack V4</h1>
${about.map((line) => `<p>${escaped(line)}</p>`).join('\n')}
<nav aria-label="Language, langue"><a href="#en">English</a> <a href="#fr" lang="fr">Français</a></nav>
<div id="en">${language('en')}</div>
<div id="fr">${language('fr')}</div>
</main>
</body>
</html>
`;
}

const heads = {
  en: ['Check', 'Outcome', 'The protocol says'],
  fr: ['Vérification', 'Résultat', 'Ce que dit le protocole'],
} as const;

const countOf = (rows: readonly PageRow[], state: PageRow['state']) =>
  rows.filter((row) => row.state === state).length;

function rowHtml({ id, title, lines, state, reasons }: PageRow, lang: 'en' | 'fr'): string {
  const quoted = lines.map((line) => `<p lang="en">${escaped(line)}</p>`).join('');
  const why = reasons.map((reason) => `<p lang="en">${escaped(reason)}</p>`).join('');
  return `<tr><th scope="row">${escaped(title[lang])}<br><code>${escaped(id)}</code></th><td class="${state}">${stateWords[state][lang]}${why}</td><td>${quoted}</td></tr>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = `
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1rem;color:#1b1f23;background:#fff}
main{max-width:75rem;margin:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem;border-bottom:1px solid #c8ccd0}
td p{margin:.25rem 0;overflow-wrap:anywhere}
code{font-size:.85em}
.good{color:#0b5d1e}.bad{color:#a0111f;font-weight:600}.open{color:#5a4500}
a{color:#0a4f9e}
@media (prefers-color-scheme:dark){body{color:#e8eaed;background:#16191c}.good{color:#7fd992}.bad{color:#ff9aa2}.open{color:#e6c35c}a{color:#8ab4f8}th,td{border-color:#44494e}}
`;
