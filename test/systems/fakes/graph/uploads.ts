import { randomUUID } from 'node:crypto';
import type { FakeAnswer, FakeRequest } from '../http-fake';
import { type Library, LibraryError, type Row, shownItem } from './library';

/** Where an upload goes. */
export interface UploadTarget {
  readonly parent: string;
  readonly name: string;
  /** Null: a new file. */
  readonly row: Row | null;
  readonly behavior: string;
  /** The date that the file had where it comes from. */
  readonly fileDate: string | null;
}

interface Session {
  readonly target: UploadTarget;
  readonly parts: Buffer[];
  received: number;
  size: number | null;
}

/** Upload sessions: parts in order, of a multiple of 320 KiB, and the file is there once the last one has come. */
export interface Uploads {
  begin(target: UploadTarget): string;
  handle(request: FakeRequest): FakeAnswer;
  /** They are all gone, as after their time. */
  expire(): void;
  readonly open: number;
}

const unit = 327_680;

export function createUploads(library: Library): Uploads {
  const sessions = new Map<string, Session>();

  function put(id: string, session: Session, { headers, bytes }: FakeRequest): FakeAnswer {
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '');
    const [from, to, size] = (range ?? []).slice(1).map(Number);
    if (from === undefined || to === undefined || size === undefined || bytes.length !== to - from + 1)
      return refusal(400, 'invalidRequest', 'The Content-Range header is invalid');
    if (bytes.length >= 60 * 1024 * 1024) return refusal(413, 'invalidRequest', 'The fragment is too large');
    if ((session.size ??= size) !== size) return refusal(400, 'invalidRequest', 'Declared size changed');
    if (from < session.received) return refusal(416, 'invalidRange', 'Optimistic concurrency failure');
    if (from > session.received) return refusal(400, 'invalidRequest', 'The fragment is out of order');
    const isLast = to + 1 === size;
    if (!isLast && bytes.length % unit !== 0)
      return refusal(400, 'invalidRequest', 'The fragment is no multiple of 320 KiB');
    if (isLast) return commit(id, session, bytes);
    session.parts.push(bytes);
    session.received = to + 1;
    return { status: 202, json: statusOf(session) };
  }

  function commit(id: string, session: Session, last: Buffer): FakeAnswer {
    const { parent, name, row, behavior, fileDate } = session.target;
    const bytes = Buffer.concat([...session.parts, last]);
    library.checkRoom(bytes.length);
    if (row !== null) {
      library.write(library.get(row.id), bytes);
      if (fileDate !== null) row.fileDate = `${fileDate.slice(0, 19)}Z`;
      sessions.delete(id);
      return { status: 200, json: shownItem(library, row, false) };
    }
    const taken = library.at(parent, name);
    if (taken !== null && behavior === 'fail')
      throw new LibraryError(409, 'nameAlreadyExists', 'Another file exists with the same name');
    library.get(parent);
    const made = taken ?? library.add({ parent, name, bytes });
    if (taken !== null) library.write(taken, bytes);
    if (fileDate !== null) made.fileDate = `${fileDate.slice(0, 19)}Z`;
    sessions.delete(id);
    return { status: 201, json: shownItem(library, made, false) };
  }

  return {
    begin(target) {
      const id = randomUUID();
      sessions.set(id, { target, parts: [], received: 0, size: null });
      return id;
    },
    handle(request) {
      // "If you include the Authorization header … it may result in an HTTP 401 Unauthorized response."
      if (request.headers.authorization !== undefined)
        return refusal(401, 'unauthenticated', 'No token here');
      const id = request.path.split('/').at(-1) ?? '';
      const session = sessions.get(id);
      if (session === undefined) return refusal(404, 'itemNotFound', 'The upload session was not found');
      if (request.method === 'PUT') return put(id, session, request);
      if (request.method === 'GET') return { status: 200, json: statusOf(session) };
      sessions.delete(id);
      return { status: 204 };
    },
    expire: () => sessions.clear(),
    get open() {
      return sessions.size;
    },
  };
}

const statusOf = ({ received }: Session) => ({
  expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
  nextExpectedRanges: [`${received}-`],
});

const refusal = (status: number, code: string, message: string): FakeAnswer => ({
  status,
  json: { error: { code, message, innerError: { date: new Date().toISOString() } } },
});
