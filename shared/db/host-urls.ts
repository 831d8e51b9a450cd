/**
 * The URL of each server that a database URL names, in its order. PostgreSQL's own forms are accepted:
 * `postgres://user@a:5432,b:5433/db` and `postgres://user@/db?host=a,b&port=5432,5433`. An empty list: it is no URL of
 * PostgreSQL.
 */
export function hostUrls(url: string): readonly string[] {
  const parts = partsOf(url);
  const urls = parts === null ? [] : hostsOf(parts).map((host) => urlOf(parts, host));
  return urls.every(isDatabaseUrl) ? urls : [];
}

/** Which of the servers may be used: the one that accepts writes, or any. */
export type WantedServer = 'read-write' | 'any';

/**
 * What `target_session_attrs` asks for. `primary` means the same as `read-write`. Not given: the server that accepts
 * writes, if there are several; a single one is not asked. Null: a value that has no meaning here.
 */
export function wantedServer(url: string): WantedServer | null {
  const written = partsOf(url)?.query.get('target_session_attrs') ?? null;
  if (written === null) return hostUrls(url).length > 1 ? 'read-write' : 'any';
  return wanted[written] ?? null;
}

/** The same URL with one option more, or another value of it. */
export function withOption(url: string, name: string, value: string): string {
  const [before = '', ...options] = url.split('?');
  const query = new URLSearchParams(options.join('?'));
  query.set(name, value);
  return `${before}?${query}`;
}

const wanted: Readonly<Record<string, WantedServer | undefined>> = {
  'read-write': 'read-write',
  primary: 'read-write',
  any: 'any',
};

interface Parts {
  /** e.g. `postgres://user:password@`. */
  readonly start: string;
  /** Between `@` and `/`: hosts with their ports, separated by commas. */
  readonly authority: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The URL class of Node does not accept several hosts with ports. */
function partsOf(url: string): Parts | null {
  const found = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]*)([^?#]*)(?:\?([^#]*))?$/i.exec(url);
  if (found === null) return null;
  const [, start = '', authority = '', path = '', query = ''] = found;
  return { start, authority, path, query: new URLSearchParams(query) };
}

/** Each host with its port, as it stands between `@` and `/`. */
function hostsOf({ authority, query }: Parts): string[] {
  const hosts = query.get('host')?.split(',');
  if (hosts === undefined) return authority.split(',');
  const ports = query.get('port')?.split(',') ?? [];
  return hosts.map((host, place) => {
    const port = ports.length === 1 ? ports[0] : ports[place];
    // A host may be the folder of a socket.
    return `${host.replaceAll('/', '%2F')}${port === undefined ? '' : `:${port}`}`;
  });
}

function urlOf({ start, path, query }: Parts, host: string): string {
  const own = new URLSearchParams(query);
  for (const name of ['host', 'port', 'target_session_attrs']) own.delete(name);
  return `${start}${host}${path}${own.size === 0 ? '' : `?${own}`}`;
}

const isDatabaseUrl = (url: string): boolean =>
  URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol);
