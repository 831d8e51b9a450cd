import type { Answer, Staff, TestBackoffice } from './backoffice';

/** Someone of the staff before the pages, without a script. */
export interface PageVisitor {
  readonly look: (path: string, language?: 'en' | 'fr') => Promise<Answer>;
  /** Sends a form of the console. A field may be given many times. Answers the status, and where it leads. */
  readonly submit: (
    path: string,
    fields?: Readonly<Record<string, string | readonly string[]>>,
  ) => Promise<{ status: number; to: string | null }>;
}

export function pageVisitor(backoffice: TestBackoffice, { token }: Staff): PageVisitor {
  const cookie = `epack_session=${token}`;
  const look: PageVisitor['look'] = (path, language = 'en') =>
    backoffice.call('GET', path, { headers: { accept: 'text/html', 'accept-language': language, cookie } });

  return {
    look,
    async submit(path, fields = {}) {
      const { text } = await look('/');
      const body = new URLSearchParams({ _csrf: /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '' });
      for (const [name, values] of Object.entries(fields))
        for (const value of [values].flat()) body.append(name, value);
      const headers = { origin: backoffice.url, accept: 'text/html', cookie };
      const answer = await fetch(backoffice.url + path, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body,
      });
      return { status: answer.status, to: answer.headers.get('location') };
    },
  };
}
