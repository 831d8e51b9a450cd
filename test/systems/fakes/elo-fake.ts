import { EloArchive } from './elo-archive';
import { EloError, type EloHabits, eloMethods, type EloState } from './elo-methods';
import { createEloJudge } from './elo-shapes';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';

/** The index server of an ELO, as hostile as its documentation and reports of its users allow. */
export interface EloFake {
  /** The address of the archive, which an operator writes as `url`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly http: HttpFake;
  readonly archive: EloArchive;
  /** The parts of requests that ELO's OpenAPI document does not know. */
  readonly mistakes: string[];
  /** The addresses of all requests. Those of transfers include their query. */
  readonly requests: FakeRequest[];
  /** The server's habits may change while it runs. */
  readonly habits: { -readonly [name in keyof EloHabits]: EloHabits[name] };
  /** The server will refuse the GUID of the new entry that is sent. */
  refusesGuid(request: FakeRequest): boolean;
  /** "The search ID has a limited lifetime." */
  forgetSearches(): void;
  close(): Promise<void>;
}

export type EloFakeOptions = Partial<EloHabits> & {
  /** How it tells an error. */
  readonly errors?: 'text' | 'object' | 'status-500';
};

const judge = createEloJudge();

export async function startEloFake({ errors = 'text', ...wish }: EloFakeOptions = {}): Promise<EloFake> {
  const password = 'geheim & lang';
  const mistakes: string[] = [];
  const requests: FakeRequest[] = [];
  const http: HttpFake = await startHttpFake((request) => {
    requests.push(request);
    return respond(request);
  });
  const now = () => Date.now() + http.clockOffsetMs;
  const habits: EloFake['habits'] = {
    guids: 'kept',
    leavesOutSord: false,
    leavesOutPaths: false,
    pageMost: 3,
    user: 'epack',
    knowsServerTime: true,
    innerUrl: 'http://elo-intern:9090/ix-Archiv',
    mostNameCharacters: 128,
    ...wish,
  };
  const state: EloState = {
    archive: new EloArchive(now),
    habits,
    uploads: new Map(),
    searches: new Map(),
    issued: new Set(),
    now,
  };
  const expected = () => `Basic ${Buffer.from(`${habits.user}:${password}`).toString('base64')}`;

  function respond(request: FakeRequest): FakeAnswer {
    if (request.headers.authorization !== expected()) return { status: 401 };
    if (request.path === '/ix-Archiv/ix') return transfer(state, request);
    const [, name] = /^\/ix-Archiv\/rest\/IXServicePortIF\/(\w+)$/.exec(request.path) ?? [];
    if (name === undefined) return { status: 404, html: '<h1>404</h1>' };
    const wrong = judge.request(name, request.json);
    mistakes.push(...wrong);
    // "An empty 400": it could not be read, so that no function was called.
    if (wrong.length > 0) return { status: 400 };
    return called(state, { name, parameters: request.json, errors }, mistakes);
  }

  return {
    url: `${http.url}/ix-Archiv`,
    user: habits.user,
    password,
    http,
    archive: state.archive,
    mistakes,
    requests,
    habits,
    refusesGuid: ({ text }) =>
      habits.guids === 'refused' &&
      /"id":-1\b/.test(text) &&
      ![...state.issued].some((guid) => text.includes(guid)),
    forgetSearches: () => state.searches.clear(),
    close: () => http.close(),
  };
}

interface Called {
  readonly name: string;
  readonly parameters: unknown;
  readonly errors: NonNullable<EloFakeOptions['errors']>;
}

function called(state: EloState, { name, parameters, errors }: Called, mistakes: string[]): FakeAnswer {
  try {
    const result = eloMethods[name]?.(state, parameters);
    const json = result === undefined ? {} : { result };
    mistakes.push(...judge.response(name, json));
    return { status: 200, json };
  } catch (error) {
    if (!(error instanceof EloError)) throw error;
    const text = `[TICKET:geheim...][ELOIX:${error.code}]${error.message}[NO-DETAILS]`;
    if (errors === 'status-500') return { status: 500, html: text };
    return { status: 200, json: { exception: errors === 'text' ? text : { message: text } } };
  }
}

/** The bytes of versions, both ways. A broken transfer is not received. */
function transfer({ uploads, archive }: EloState, { method, query, bytes }: FakeRequest): FakeAnswer {
  const number = query.get('id') ?? '';
  if (method === 'POST') {
    if (!uploads.has(number)) return { status: 403 };
    uploads.set(number, bytes);
    return { status: 200, html: number };
  }
  for (const { versions } of archive.entries.values())
    for (const version of versions)
      if (String(version.id) === number) return { status: 200, bytes: version.bytes };
  return { status: 404 };
}
