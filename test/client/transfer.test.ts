import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { ArchiveToSend } from '../../client/transfer/archive-to-send';
import { fetchPackage } from '../../client/transfer/fetch-package';
import { sendArchive } from '../../client/transfer/send-archive';
import { createTestFolder } from '../setup/folder';
import {
  bodyOf,
  type Client,
  connectTo,
  cutAfter,
  type HostileServer,
  json,
  type Misbehave,
  problem,
  startHostileServer,
} from './hostile-server';

let server: HostileServer;
let client: Client;

async function facing(misbehave: Misbehave): Promise<void> {
  server = await startHostileServer(misbehave);
  client = await connectTo(server);
}

afterEach(async () => {
  client.close();
  await server.stop();
});

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const reprDigest = (bytes: Buffer) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

describe('an archive', () => {
  function archiveOf(bytes: Buffer, change: Partial<ArchiveToSend> = {}): ArchiveToSend {
    const file = path.join(createTestFolder().path, 'upload.zip');
    writeFileSync(file, bytes);
    return {
      ...{ channel: 'sondes', file, bytes: bytes.length, sha256: digestOf(bytes), key: 'the-key' },
      ...{ resumeAt: null, resumableAboveBytes: Infinity, ...change },
      onResumable: change.onResumable ?? (() => Promise.resolve()),
      onBytes: () => undefined,
    };
  }

  describe('that is sent in one request', () => {
    test('is sent again, whole and under the same key, when it is cut or its answer is lost', async () => {
      const bytes = randomBytes(300_000);
      const taken: Buffer[] = [];
      const keys = new Set<string>();
      await facing(async (request, response, nth) => {
        keys.add(
          `${String(request.headers['idempotency-key'])} ${String(request.headers['content-digest'])}`,
        );
        if (nth === 1) await cutAfter(request, 100_000);
        else {
          taken.push(await bodyOf(request));
          if (nth === 2) request.socket.destroy();
          else json(response, { sync: 'sync-1', statut: '1' });
        }
      });
      expect(await sendArchive(client.connection, archiveOf(bytes))).toBe('sync-1');
      expect(taken).toHaveLength(2);
      for (const one of taken) expect(one.equals(bytes)).toBe(true);
      expect([...keys]).toEqual([`the-key ${reprDigest(bytes)}`]);
    });

    test('is sent again when its bytes were changed on the way', async () => {
      await facing(async (request, response, nth) => {
        await bodyOf(request);
        if (nth === 1) problem(response, 400, 'digest-mismatch');
        else json(response, { sync: 'sync-1', statut: '1' });
      });
      expect(await sendArchive(client.connection, archiveOf(randomBytes(10)))).toBe('sync-1');
    });

    test('is refused for good if the server refuses it before it has read it', async () => {
      await facing((_request, response) => problem(response, 413, 'too-large', { Connection: 'close' }));
      const archive = archiveOf(randomBytes(4_000_000));
      await expect(sendArchive(client.connection, archive)).rejects.toMatchObject({ code: 'too-large' });
      expect(server.asked).toHaveLength(1);
    });
  });

  describe('that is sent as a resumable upload', () => {
    /** The state of a tus server. `misbehave` returns true if it has handled the PATCH itself. */
    function tusServer(misbehave: (request: IncomingMessage, patch: number) => Promise<Buffer | null>) {
      const uploads = new Map<string, Buffer>();
      const tus = { uploads, patches: 0, bytesTaken: 0, isForgetful: false, statut: '0' };
      const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        const id = request.url ?? '';
        const held = uploads.get(id);
        if (request.method === 'POST') {
          const location = `/v4/sondes/uploads/${uploads.size + 1}`;
          uploads.set(location, Buffer.alloc(0));
          response.writeHead(201, { Location: `http://elsewhere.example${location}` }).end();
        } else if (id.includes('/statut')) json(response, tus.statut, 200, { 'Epack-Sync': 'sync-at-hand' });
        else if (held === undefined || tus.isForgetful) problem(response, 404, 'unknown-upload');
        else if (request.method === 'HEAD')
          response.writeHead(200, { 'Upload-Offset': String(held.length) }).end();
        else await patch(request, response, id, held);
      };
      const patch = async (request: IncomingMessage, response: ServerResponse, id: string, held: Buffer) => {
        const isAsItMust =
          request.headers['upload-offset'] === String(held.length) &&
          request.headers['idempotency-key'] === 'the-key';
        if (!isAsItMust) {
          problem(response, 400, 'bad-request');
          return;
        }
        const cut = await misbehave(request, (tus.patches += 1));
        const bytes = cut ?? (await bodyOf(request));
        tus.bytesTaken += bytes.length;
        uploads.set(id, Buffer.concat([held, bytes]));
        if (cut === null) json(response, { sync: 'sync-1', statut: '1' });
      };
      return { tus, answer };
    }

    test('goes on where it was cut, however often; no received byte is sent again', async () => {
      const bytes = randomBytes(1_000_000);
      const { tus, answer } = tusServer((request, patch) =>
        patch <= 12 ? cutAfter(request, 70_000) : Promise.resolve(null),
      );
      await facing(answer);
      expect(await sendArchive(client.connection, archiveOf(bytes, { resumableAboveBytes: 0 }))).toBe(
        'sync-1',
      );
      expect(tus.uploads.get('/v4/sondes/uploads/1')?.equals(bytes)).toBe(true);
      expect(tus.bytesTaken).toBe(bytes.length);
    });

    test('goes on in a later run', async () => {
      const bytes = randomBytes(500_000);
      const { tus, answer } = tusServer(async (request, patch) =>
        patch === 1 ? cutAfter(request, 200_000) : null,
      );
      await facing(answer);
      const dies = new Error('killed');
      let resumeAt: string | null = null;
      const archive = archiveOf(bytes, {
        resumableAboveBytes: 0,
        onResumable: (at) => {
          resumeAt = at;
          return Promise.resolve();
        },
      });
      let offsets = 0;
      const counting = {
        ...archive,
        onBytes: (sent: number) => {
          if (sent === 200_000 && (offsets += 1) === 1) throw dies;
        },
      };
      await expect(sendArchive(client.connection, counting)).rejects.toBe(dies);
      expect(resumeAt).toBe('/v4/sondes/uploads/1');
      expect(await sendArchive(client.connection, { ...archive, resumeAt })).toBe('sync-1');
      expect(tus.bytesTaken).toBe(bytes.length);
      expect(server.asked.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    });

    test('whose last answer is lost gets it by an empty request', async () => {
      const bytes = randomBytes(1000);
      const { tus, answer } = tusServer(async (request, patch) => {
        if (patch > 1) return null;
        const all = await bodyOf(request);
        request.socket.destroy();
        return all;
      });
      await facing(answer);
      expect(await sendArchive(client.connection, archiveOf(bytes, { resumableAboveBytes: 0 }))).toBe(
        'sync-1',
      );
      expect([tus.patches, tus.bytesTaken]).toEqual([2, 1000]);
    });

    test('that the server has turned into a sync and forgotten is that sync', async () => {
      const { tus, answer } = tusServer(() => Promise.resolve(null));
      tus.isForgetful = true;
      tus.statut = '1';
      await facing(answer);
      const archive = archiveOf(randomBytes(10), { resumeAt: '/v4/sondes/uploads/9' });
      expect(await sendArchive(client.connection, archive)).toBe('sync-at-hand');
    });

    test('that has expired on the server is begun again', async () => {
      const { answer } = tusServer(() => Promise.resolve(null));
      await facing(answer);
      const archive = archiveOf(randomBytes(10), { resumeAt: '/v4/sondes/uploads/9' });
      expect(await sendArchive(client.connection, archive)).toBe('sync-1');
    });

    test('is given up when nothing of it ever arrives', async () => {
      const { answer } = tusServer((request) => cutAfter(request, 0));
      await facing(answer);
      const archive = archiveOf(randomBytes(1000), { resumableAboveBytes: 0 });
      await expect(sendArchive(client.connection, archive)).rejects.toMatchObject({
        code: 'connection-lost',
      });
    });
  });
});

describe('a package', () => {
  const content = randomBytes(400_000);

  function fetching(etag: string | null = null) {
    const file = path.join(createTestFolder().path, 'synchro', 'package.part');
    const etags: (string | null)[] = [];
    const wanted = {
      ...{ channel: 'synchro' as const, file, etag },
      onEtag: (now: string | null) => {
        etags.push(now);
        return Promise.resolve();
      },
      onBytes: () => undefined,
    };
    return { file, etags, run: () => fetchPackage(client.connection, wanted) };
  }

  /** Answers with part of a file, and hangs up after some bytes of it where `cut` says so. */
  function give(
    request: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer,
    {
      etag = '"one"',
      cut = Infinity,
      digest = reprDigest(bytes),
    }: { etag?: string; cut?: number; digest?: string } = {},
  ): void {
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const from = asked !== undefined && request.headers['if-range'] === etag ? Number(asked) : 0;
    const part = bytes.subarray(from);
    response.writeHead(from === 0 ? 200 : 206, {
      ETag: etag,
      'Repr-Digest': digest,
      'Content-Length': String(part.length),
      ...(from === 0 ? {} : { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (cut >= part.length) response.end(part);
    else response.write(part.subarray(0, cut), () => setTimeout(() => request.socket.destroy(), 20));
  }

  test('goes on where it was cut off, and is complete in the end', async () => {
    const ranges: unknown[] = [];
    await facing((request, response, nth) => {
      ranges.push(request.headers.range);
      give(request, response, content, { cut: nth <= 3 ? 90_000 : Infinity });
    });
    const { file, run, etags } = fetching();
    await run();
    expect(readFileSync(file).equals(content)).toBe(true);
    // How much of a piece still arrives when its connection is cut is the network's affair.
    const starts = ranges.map((range) => Number(/^bytes=(\d+)-$/.exec(String(range))?.[1] ?? 0));
    expect(starts).toHaveLength(4);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
    expect(etags).toEqual(['"one"']);
  });

  test('that has changed meanwhile is begun again', async () => {
    const other = randomBytes(200_000);
    await facing((request, response, nth) => {
      if (nth === 1) give(request, response, content, { cut: 90_000 });
      else give(request, response, other, { etag: '"two"' });
    });
    const { file, run } = fetching();
    await run();
    expect(readFileSync(file).equals(other)).toBe(true);
  });

  test('whose bytes were changed on the way is fetched again', async () => {
    await facing((request, response, nth) =>
      nth === 1
        ? give(request, response, randomBytes(1000), { digest: reprDigest(content) })
        : give(request, response, content, { etag: `"${nth}"` }),
    );
    const { file, run } = fetching();
    await run();
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  test('that never matches its digest is not accepted', async () => {
    await facing((request, response) =>
      give(request, response, content, { digest: reprDigest(Buffer.from('x')) }),
    );
    const { file, run } = fetching();
    await expect(run()).rejects.toMatchObject({ code: 'bad-package' });
    expect(existsSync(file)).toBe(false);
  });

  test('that an earlier run left complete is fetched again rather than trusted', async () => {
    await facing((request, response) => {
      if (request.headers.range === undefined) give(request, response, content);
      else problem(response, 416, 'range');
    });
    const { file, run } = fetching('"one"');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    await run();
    expect(readFileSync(file).equals(content)).toBe(true);
  });
});
