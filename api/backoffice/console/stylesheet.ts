/** Contrasts are 4.5 or more, in light and in dark. */
export const stylesheet = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #56616f; --paper: #f6f7f9; --card: #fff; --line: #d8dde4;
  --accent: #0b5cad; --on-accent: #fff; --good: #17693a; --bad: #b3261e; --busy: #7a4a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --soft: #a4afbd; --paper: #12161c; --card: #1b2129;
  --line: #343d49; --accent: #7db8f5; --on-accent: #0b1a2b; --good: #6fd39a; --bad: #ff9a92; --busy: #f0b95a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .6rem 1.5rem;
  background: var(--card); border-bottom: 1px solid var(--line); }
header form { display: flex; align-items: center; gap: .8rem; color: var(--soft); }
.brand { font-weight: 700; font-size: 1.2rem; color: var(--ink); text-decoration: none; }
main { max-width: 75rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
* + h2 { margin-top: 1.8rem; }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.2rem; align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.2rem; }
.card form { display: grid; gap: .8rem; }
label { display: grid; gap: .25rem; }
input, button { font: inherit; padding: .55rem .7rem; border-radius: .4rem; border: 1px solid var(--soft);
  background: var(--card); color: var(--ink); }
button { background: var(--accent); border-color: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { background: none; border-color: var(--line); color: var(--ink); padding: .3rem .6rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .55rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; font-size: .9rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { color: var(--soft); font-size: .9rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .busy { color: var(--busy); }
[role=alert] { color: var(--bad); font-weight: 600; margin: 0; }
`;
