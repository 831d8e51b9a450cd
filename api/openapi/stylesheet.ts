/** The stylesheet of the page `/docs`, light and dark. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14181d);
  --raised: light-dark(#f5f7f9, #1c2229);
  --line: light-dark(#d8dee4, #313a44);
  --text: light-dark(#1b2126, #e4e9ee);
  --quiet: light-dark(#55606b, #9aa7b4);
  --accent: light-dark(#0b6b5d, #4fc3ae);
  --warm: light-dark(#9a3b12, #f0a37a);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font: 0.875em/1.5 ui-monospace, 'SFMono-Regular', Menlo, Consolas, monospace; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: 0.5rem; }
.frame { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 80rem; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 1.5rem 1rem 1.5rem 1.5rem; font-size: 0.875rem; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
nav h2 { font-size: 0.75rem; letter-spacing: 0.04em; text-transform: uppercase; color: var(--quiet); margin: 1rem 0 0.25rem; }
nav a { display: block; padding: 0.125rem 0; text-decoration: none; color: var(--text); overflow-wrap: anywhere; }
nav a:hover { color: var(--accent); text-decoration: underline; }
main { padding: 2rem 2rem 6rem; min-width: 0; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 0.5rem; }
main > section > h2 { font-size: 1.5rem; margin: 3rem 0 0.25rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.125rem; margin: 0; }
h4 { font-size: 0.875rem; margin: 1.25rem 0 0.25rem; color: var(--quiet); }
.quiet { color: var(--quiet); }
article { border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.25rem 1.25rem; margin: 1.25rem 0; }
.call { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; margin: 0.5rem 0; }
.call code { overflow-wrap: anywhere; }
.method { font: 600 0.75rem/1.6 ui-monospace, Menlo, Consolas, monospace; border: 1px solid currentColor; border-radius: 4px; padding: 0 0.4rem; color: var(--accent); }
.method.delete, .method.put, .method.patch, .method.post { color: var(--warm); }
.role { font-size: 0.8125rem; color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
th, td { text-align: left; vertical-align: top; padding: 0.375rem 0.75rem 0.375rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--quiet); }
td p { margin: 0; }
pre { background: var(--raised); border-radius: 6px; padding: 0.75rem 1rem; overflow-x: auto; margin: 0.5rem 0 0; }
details { margin-top: 0.75rem; }
summary { cursor: pointer; font-size: 0.875rem; }
.narrow { display: none; }
.narrow summary { cursor: pointer; font-weight: 600; }
@media (max-width: 56rem) {
  .wide { display: none; }
  .narrow { display: block; }
  .frame { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; max-height: none; border-bottom: 1px solid var(--line); padding: 1rem; }
  main { padding: 1rem; }
}
@media print { nav { display: none; } .frame { display: block; } article { break-inside: avoid; } }
`;
