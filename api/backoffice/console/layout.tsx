import type { ComponentChildren, VNode } from 'preact';
import { isAdmin, mayEdit } from '../../../shared/domain/staff';
import { assetUrl } from './assets';
import { ActionForm } from './parts';
import type { Visit } from './visit';
import type { Words } from './words';

interface PageProps {
  readonly visit: Visit;
  readonly title: string;
  /** The title of the browser tab, if it must say more than the heading. */
  readonly tabTitle?: string;
  /** The links above this page, the nearest last. */
  readonly trail?: readonly { readonly href: string; readonly text: string }[];
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  readonly subtitle?: ComponentChildren;
  /** The page draws charts. */
  readonly hasCharts?: boolean;
  readonly children: ComponentChildren;
}

/** A page for someone who is signed in. */
export function Page({
  visit,
  title,
  tabTitle = title,
  trail = [],
  aside,
  subtitle,
  hasCharts = false,
  children,
}: PageProps): VNode {
  const { words } = visit;
  return (
    <Document words={words} title={tabTitle} hasCharts={hasCharts}>
      <a class="skip" href="#content">
        {words.skipToContent}
      </a>
      <div class="shell">
        <Sidebar visit={visit} />
        <main id="content" tabIndex={-1}>
          <Done words={words} done={visit.done} />
          {visit.csrf.written !== null && visit.csrf.written.keptId !== null && (
            <p class="notice busy" role="status">
              {words.formIsBack}
            </p>
          )}
          {trail.length > 0 && (
            <nav class="trail" aria-label={words.youAreHere}>
              {trail.map(({ href, text }) => (
                <a href={href}>{text}</a>
              ))}
            </nav>
          )}
          <header class="page-head">
            <div>
              <h1>{title}</h1>
              {subtitle !== undefined && <p class="subtitle">{subtitle}</p>}
            </div>
            {aside !== undefined && <div class="page-aside">{aside}</div>}
          </header>
          {children}
        </main>
      </div>
    </Document>
  );
}

/** A page that needs nobody to be signed in, and no database. */
export const PlainPage = ({
  words,
  title,
  children,
}: {
  words: Words;
  title: string;
  children: ComponentChildren;
}): VNode => (
  <Document words={words} title={title}>
    <main id="content" class="plain">
      {children}
    </main>
  </Document>
);

export const Brand = (): VNode => (
  <a class="brand" href="/">
    <img src={assetUrl('icon.svg')} alt="" width={28} height={28} />
    ePack
  </a>
);

/** htmx: no inline styles, no eval, no history of its own; the server decides what a page is. */
const htmxConfig = JSON.stringify({
  allowEval: false,
  includeIndicatorStyles: false,
  allowScriptTags: false,
  historyEnabled: false,
  selfRequestsOnly: true,
});

interface DocumentProps {
  readonly words: Words;
  readonly title: string;
  readonly hasCharts?: boolean;
  readonly children: ComponentChildren;
}

const Document = ({ words, title, hasCharts = false, children }: DocumentProps): VNode => (
  <html lang={words.language}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="htmx-config" content={htmxConfig} />
      <title>{`${title} · ePack`}</title>
      <link rel="icon" href={assetUrl('icon.svg')} />
      {hasCharts && <link rel="stylesheet" href={assetUrl('uPlot.min.css')} />}
      <link rel="stylesheet" href={assetUrl('console.css')} />
      <script src={assetUrl('htmx.min.js')} defer />
      <script src={assetUrl('console.js')} defer />
      {hasCharts && <script src={assetUrl('uPlot.iife.min.js')} defer />}
      {hasCharts && <script src={assetUrl('chart.js')} defer />}
    </head>
    <body>{children}</body>
  </html>
);

function Sidebar({ visit }: { visit: Visit }): VNode {
  const { words, caller, csrf, waiting } = visit;
  return (
    <header class="sidebar">
      <Brand />
      <nav aria-label={words.mainMenu}>
        <Link visit={visit} href="/" text={words.overview} />
        <Link visit={visit} href="/solutions" text={words.solutions} />
        <Link visit={visit} href="/templates" text={words.templates} />
        <Link visit={visit} href="/pairs" text={words.pairs.pairs} also={['/links', '/plans', '/jobs']} />
        <Link visit={visit} href="/systems" text={words.pairs.systems} />
        <Link visit={visit} href="/alerts" text={words.alerts} count={waiting.alerts} />
        <Link visit={visit} href="/quarantine" text={words.quarantine} count={waiting.quarantine} />
        <Link visit={visit} href="/conflicts" text={words.conflicts} count={waiting.conflicts} />
        <Link visit={visit} href="/approvals" text={words.approvals} count={waiting.approvals} />
        <Link visit={visit} href="/rollouts" text={words.rollouts} />
        <Link visit={visit} href="/offline-files" text={words.offlineFiles} />
        <Link visit={visit} href="/audit" text={words.audit} />
        {mayEdit(caller) && <Link visit={visit} href="/notifications" text={words.notifications} />}
        {isAdmin(caller) && <Link visit={visit} href="/users" text={words.users} />}
        {isAdmin(caller) && <Link visit={visit} href="/accounts" text={words.accounts} />}
        {isAdmin(caller) && <Link visit={visit} href="/background-work" text={words.backgroundWork} />}
      </nav>
      <ActionForm action="/sign-out" csrf={csrf} class="me">
        <span class="me-who">
          <a class="me-email" href="/me" title={words.myAccount}>
            {caller.email}
          </a>
          <span class="me-role">{words.roles[caller.role]}</span>
        </span>
        <button class="ghost">{words.signOut}</button>
      </ActionForm>
    </header>
  );
}

interface LinkProps {
  readonly visit: Visit;
  readonly href: string;
  readonly text: string;
  readonly count?: number;
  /** Other paths of pages below it. */
  readonly also?: readonly string[];
}

function Link({ visit: { path, words }, href, text, count = 0, also = [] }: LinkProps): VNode {
  const isBelow = [href, ...also].some((one) => path.startsWith(`${one}/`));
  const isCurrent = href === '/' ? path === '/' : path === href || isBelow;
  return (
    <a href={href} aria-current={isCurrent ? 'page' : undefined}>
      <span>{text}</span>
      {count > 0 && (
        <span class="count" title={words.waiting}>
          {count > 999 ? '999+' : count}
        </span>
      )}
    </a>
  );
}

/** Only known sentences are shown, whatever the URL contains. */
function Done({ words, done }: { words: Words; done: string | null }): VNode | null {
  const known: Readonly<Record<string, string>> = words.done;
  const text = done !== null && Object.hasOwn(known, done) ? known[done] : undefined;
  return text === undefined ? null : (
    <p class="notice good" role="status">
      {text}
    </p>
  );
}
