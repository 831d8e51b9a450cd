import { html, type Html } from './html';
import type { Words } from './words';

/** Who is signed in; null: a visitor. */
export type Visitor = { readonly email: string } | null;

/** A whole page. */
export function layout(words: Words, visitor: Visitor, heading: string, content: Html): string {
  const page = html`<!doctype html>
    <html lang="${words.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${heading} · ePack</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/console.css" />
      </head>
      <body>
        <header>
          <a class="brand" href="/">ePack</a>
          ${visitor === null ? null : signOutForm(words, visitor.email)}
        </header>
        <main>
          <h1>${heading}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return page.text;
}

const signOutForm = (words: Words, email: string) =>
  html`<form method="post" action="/sign-out">
    <span>${email}</span>
    <button class="quiet">${words.signOut}</button>
  </form>`;
