/** An answer, with where it came from. */
export interface BrowserAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type Browser = ReturnType<typeof createBrowser>;

/**
 * A browser without a screen: cookies of each site, and redirects, one by one. `sites`: where to find those that
 * have another address in the world.
 */
export function createBrowser(sites: Readonly<Record<string, string>> = {}) {
  const cookies = new Map<string, Map<string, string>>();

  return {
    /** One call, no redirect followed. */
    call,

    /** Follows redirects until `isThere`, or until there is no more. */
    async follow(url: string, isThere: (url: string) => boolean = () => false): Promise<BrowserAnswer> {
      let answer = await call('GET', url);
      for (let hops = 0; hops < 20; hops++) {
        const next = locationOf(answer);
        if (next === null) return answer;
        if (isThere(next)) return { ...answer, url: next };
        answer = await call('GET', next);
      }
      throw new Error(`too many redirects from ${url}`);
    },

    /** Sends the form of a page, with these values. */
    async submit(page: BrowserAnswer, values: Readonly<Record<string, string>>): Promise<BrowserAnswer> {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
      if (action === undefined) throw new Error(`no form in ${page.url}: ${page.text}`);
      const hidden = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
      const fields = new URLSearchParams(hidden.map(([, name = '', value = '']) => [name, value]));
      for (const [name, value] of Object.entries(values)) fields.set(name, value);
      return call('POST', new URL(action, page.url).href, fields.toString());
    },

    cookie: (origin: string, name: string): string | null => cookies.get(origin)?.get(name) ?? null,
  };

  async function call(method: string, url: string, form?: string): Promise<BrowserAnswer> {
    const { origin } = new URL(url);
    const jar = cookies.get(origin) ?? new Map<string, string>();
    cookies.set(origin, jar);
    const response = await fetch(url.replace(origin, sites[origin] ?? origin), {
      method,
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === undefined ? {} : { body: form }),
    });
    for (const written of response.headers.getSetCookie()) keepCookie(jar, written);
    return { url, status: response.status, headers: response.headers, text: await response.text() };
  }
}

function keepCookie(jar: Map<string, string>, written: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(written) ?? [];
  const isGone = /expires=Thu, 01 Jan 1970/i.test(written) || value === '';
  if (isGone) jar.delete(name);
  else jar.set(name, value);
}

export function locationOf({ url, status, headers }: BrowserAnswer): string | null {
  const location = headers.get('location');
  return status >= 300 && status < 400 && location !== null ? new URL(location, url).href : null;
}
