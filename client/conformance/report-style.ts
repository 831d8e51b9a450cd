/** The style of a report. The radio buttons choose the language; printed, only the chosen one is there. */
export const style = `
:root{color-scheme:light dark;--text:#1b1f23;--soft:#57606a;--line:#d8dee4;--paper:#fff;--card:#f6f8fa;--good:#1a6b32;--bad:#a0111f;--open:#7a5a00}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--soft:#9aa4af;--line:#30363d;--paper:#0f1318;--card:#171c23;--good:#6fd08c;--bad:#ff9aa2;--open:#e6c35c}}
body{font:16px/1.55 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:60rem;color:var(--text);background:var(--paper)}
nav{text-align:right}
main.fr,body:has(#choose-fr:checked) main.en{display:none}
body:has(#choose-fr:checked) main.fr{display:block}
input[type=radio]{position:absolute;opacity:0}
label{display:inline-block;padding:.15rem .7rem;border:1px solid var(--line);border-radius:1rem;color:var(--soft);cursor:pointer}
input:checked+label{color:var(--paper);background:var(--text);border-color:var(--text)}
input:focus-visible+label{outline:2px solid #3b82f6;outline-offset:2px}
h1{font-size:2rem;line-height:1.2;margin:1rem 0 .25rem}
h2{font-size:1.1rem;margin:0 0 .5rem;display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem}
p{margin:.35rem 0}
.about{color:var(--soft);display:flex;flex-wrap:wrap;gap:0 1.5rem;overflow-wrap:anywhere}
.verdict{font-size:1.35rem;font-weight:600;margin:1.5rem 0 .5rem}
.tally{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:0;padding:0}
.bar{display:flex;height:.5rem;border-radius:.25rem;overflow:hidden;background:var(--line);margin:.75rem 0 2rem}
.bar i{flex-basis:0;background:currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}
.state{font-size:.85rem;font-weight:400}
article{color:var(--text)!important;border:1px solid var(--line);border-left:.3rem solid var(--open);border-radius:.4rem;padding:1rem 1.25rem;margin:0 0 1rem;overflow-wrap:anywhere}
article.bad{border-left-color:var(--bad)}
article.bad .state{color:var(--bad)}article.open .state{color:var(--open)}
article b{display:inline-block;min-width:5.5rem;color:var(--soft);font-weight:600}
.source{color:var(--soft);margin-top:.75rem}
blockquote{margin:.25rem 0 .75rem;padding:.5rem .9rem;background:var(--card);border-radius:.3rem}
section{margin:2rem 0 0}
.checks{list-style:none;margin:0;padding:0}
.checks li{padding:.55rem 0;border-top:1px solid var(--line)}
.checks li>div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
q{display:block;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--soft)}
@media print{nav{display:none}article,li{break-inside:avoid}}
`;
