import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isFileStoreAway, isFileStoreFull } from '../../shared/files/file-store-away';
import type { FileStore } from '../../shared/files/file-store';
import { createS3FileStore } from '../../shared/files/s3-file-store';
import type { ObservedFileCall, S3Settings } from '../../shared/files/s3-settings';
import { createTestAuthority } from '../setup/certificates';
import { describeWithS3 } from '../setup/s3-server';
import { allOf } from './all-of';
import { itKeepsTheFileStoreContract } from './contract';
import { openS3Front, type S3Front } from './s3-front';
import { leftovers } from './s3-leftovers';

const megabyte = 2 ** 20;

describeWithS3('in a bucket of an S3 server', (server) => {
  let bucket: S3Settings;
  let buckets = 0;
  /** A store of its own in the bucket, empty. */
  const newStore = (changes: Partial<S3Settings> = {}): FileStore =>
    createS3FileStore({ ...bucket, prefix: `store-${(buckets += 1)}/`, ...changes });
  beforeAll(async () => {
    bucket = await server().newBucket();
  });

  itKeepsTheFileStoreContract(() => newStore());

  describe('an object that is larger than a part', () => {
    test.each([
      ['one byte less than a part', 5 * megabyte - 1],
      ['exactly a part', 5 * megabyte],
      ['two parts and a byte', 10 * megabyte + 1],
    ])('comes back as it went in: %s', async (_name, bytes) => {
      const store = newStore();
      const content = randomBytes(bytes);
      const chunks = Readable.from(
        (function* () {
          for (let at = 0; at < bytes; at += 700_001) yield content.subarray(at, at + 700_001);
        })(),
      );
      await expect(store.write('large', chunks)).resolves.toEqual({ key: 'large', bytes });
      await expect(store.stat('large')).resolves.toEqual({ key: 'large', bytes });
      expect((await buffer(await store.read('large'))).equals(content)).toBe(true);
      const range = await buffer(await store.read('large', { start: bytes - 3, end: bytes + 10 }));
      expect(range.equals(content.subarray(-3))).toBe(true);
      await store.remove('large');
      await expect(store.stat('large')).resolves.toBeNull();
    });

    test('is not there, nor any part of it, when its content fails', async () => {
      const store = newStore();
      await store.write('large', Buffer.from('before'));
      const broken = function* () {
        yield Buffer.alloc(11 * megabyte);
        throw new Error('the network is gone');
      };
      await expect(store.write('large', Readable.from(broken()))).rejects.toThrow('the network is gone');
      await expect(buffer(await store.read('large'))).resolves.toEqual(Buffer.from('before'));
      await expect(leftovers(bucket, '')).resolves.toEqual([]);
    });
  });

  test('an installation sees nothing of another one in the same bucket', async () => {
    const [one, two] = [newStore(), newStore()];
    await one.write('a', Buffer.from('one'));
    await two.write('a', Buffer.from('two'));
    await one.remove('a');
    await expect(allOf(one.list(''))).resolves.toEqual([]);
    await expect(allOf(two.list(''))).resolves.toEqual([{ key: 'a', bytes: 3 }]);
  });

  test('a folder whose listing comes in several pages is listed and removed whole', async () => {
    const store = newStore();
    const keys = Array.from({ length: 45 }, (_, i) => `many/${i}`);
    await Promise.all(keys.map((key) => store.write(key, Buffer.from('x'))));
    expect((await allOf(store.list('many'))).map(({ key }) => key).sort()).toEqual([...keys].sort());
    await store.remove('many');
    await expect(allOf(store.list(''))).resolves.toEqual([]);
  });

  describe('an operator reads what is wrong', () => {
    const failing = (changes: Partial<S3Settings>) => newStore(changes).check();

    test.each<[string, Partial<S3Settings>, string, RegExp]>([
      ['a bucket that is missing', { bucket: 'nowhere' }, 'bucket-missing', /EPACK_S3_BUCKET.*nowhere/],
      [
        'a wrong secret',
        { credentials: { accessKeyId: 'test:tester', secretAccessKey: 'wrong' } },
        'denied',
        /check the keys/,
      ],
      [
        'a user without rights',
        { credentials: { accessKeyId: 'test:other', secretAccessKey: 'testing' } },
        'denied',
        /rights/,
      ],
      ['a server that is not there', { endpoint: 'http://127.0.0.1:9' }, 'unreachable', /127\.0\.0\.1:9/],
      [
        'an encryption that the server does not have',
        { encryption: { algorithm: 'AES256', kmsKey: null } },
        'refused',
        /encryption/,
      ],
    ])('%s', async (_name, changes, reason, message) => {
      const failure: unknown = await failing(changes).catch((error: unknown) => error);
      expect(failure).toMatchObject({ reason, message: expect.stringMatching(message) as string });
      expect(String(failure)).not.toContain('testing');
      expect(isFileStoreAway(failure)).toBe(true);
    });

    test('a missing bucket is no missing object', async () => {
      const store = newStore({ bucket: 'nowhere' });
      await expect(store.stat('a')).rejects.toMatchObject({ reason: 'bucket-missing' });
      await expect(store.read('a')).rejects.toMatchObject({ reason: 'bucket-missing' });
      await expect(store.makeDurable('a')).rejects.toMatchObject({ reason: 'bucket-missing' });
    });
  });

  describe('over TLS', () => {
    let front: S3Front;
    const authority = createTestAuthority();
    beforeAll(async () => {
      front = await openS3Front(server().endpoint, authority.issue());
    });
    afterAll(async () => {
      await front.close();
      authority.remove();
    });

    test('a certificate of an own authority is accepted with that authority, and by nothing else', async () => {
      const trusting = newStore({ endpoint: front.endpoint, authority: authority.cert });
      await expect(trusting.check()).resolves.toBeUndefined();
      const other = newStore({ endpoint: front.endpoint });
      await expect(other.check()).rejects.toMatchObject({
        reason: 'tls',
        message: expect.stringContaining('EPACK_S3_CA_FILE') as string,
      });
    });
  });

  describe('on a bad day', () => {
    let front: S3Front;
    const seen: ObservedFileCall[] = [];
    beforeEach(async () => {
      front = await openS3Front(server().endpoint);
      seen.length = 0;
    });
    afterEach(() => front.close());

    const storeBehind = (changes: Partial<S3Settings> = {}): FileStore =>
      createS3FileStore(
        { ...bucket, endpoint: front.endpoint, prefix: `store-${(buckets += 1)}/`, ...changes },
        (call) => seen.push(call),
      );
    /** It happens to the first calls that fit. */
    const once = (
      fits: (method: string, url: string) => boolean,
      fault: ReturnType<S3Front['fault']>,
      times = 1,
    ) => {
      let left = times;
      front.fault = ({ method = '', url = '' }) => (fits(method, url) && (left -= 1) >= 0 ? fault : null);
    };

    test('"503 Slow Down" is tried again, and then said', async () => {
      const store = storeBehind();
      const slowDown = { status: 503, code: 'SlowDown' };
      once((method) => method === 'PUT', slowDown);
      await expect(store.write('a', Buffer.from('a'))).resolves.toEqual({ key: 'a', bytes: 1 });
      once((method) => method === 'PUT', slowDown, 100);
      const failure: unknown = await store.write('b', Buffer.from('b')).catch((error: unknown) => error);
      expect(failure).toMatchObject({ reason: 'slow-down' });
      expect([isFileStoreAway(failure), isFileStoreFull(failure)]).toEqual([true, false]);
      expect(seen.map(({ operation, outcome }) => [operation, outcome])).toEqual([
        ['PutObject', 'ok'],
        ['PutObject', 'slow-down'],
      ]);
    });

    test('a full store can be read', async () => {
      const store = storeBehind();
      once((method) => method === 'PUT', { status: 403, code: 'QuotaExceeded' }, 100);
      const failure: unknown = await store.check().catch((error: unknown) => error);
      expect(isFileStoreFull(failure)).toBe(true);
    });

    test('an object that was put together is whole, although the response was lost', async () => {
      const store = storeBehind();
      const content = randomBytes(6 * megabyte);
      once((method, url) => method === 'POST' && url.includes('uploadId='), 'lose-response');
      await expect(store.write('large', content)).resolves.toMatchObject({ bytes: content.length });
      expect((await buffer(await store.read('large'))).equals(content)).toBe(true);
    });

    test('a connection that breaks while an object is read is continued where it broke', async () => {
      const store = storeBehind();
      const content = randomBytes(3 * megabyte);
      await store.write('a', content);
      once((method) => method === 'GET', { breakAfterBytes: 1_000_000 }, 2);
      const range = { start: 5, end: content.length - 2 };
      expect((await buffer(await store.read('a', range))).equals(content.subarray(5, -1))).toBe(true);
      expect(front.calls.filter(({ method }) => method === 'GET')).toHaveLength(3);
    });

    test('an object that was replaced meanwhile is not continued with another content', async () => {
      const store = storeBehind();
      await store.write('a', Buffer.alloc(3 * megabyte, 'o'));
      once((method) => method === 'GET', { breakAfterBytes: 100_000 });
      const reading = (await store.read('a'))[Symbol.asyncIterator]();
      await reading.next();
      await store.write('a', Buffer.alloc(3 * megabyte, 'n'));
      const rest = async () => {
        let text = '';
        for (let step = await reading.next(); step.done !== true; step = await reading.next())
          text += String(step.value);
        return text;
      };
      await expect(rest()).rejects.toMatchObject({ reason: 'refused' });
    });

    test('the encryption that is configured is asked for, for whole objects and for parts', async () => {
      const store = storeBehind({ encryption: { algorithm: 'aws:kms', kmsKey: 'key-7' } });
      await expect(store.write('a', Buffer.from('a'))).rejects.toMatchObject({ reason: 'refused' });
      await expect(store.write('b', Buffer.alloc(6 * megabyte))).rejects.toMatchObject({ reason: 'refused' });
      const asked = front.calls.map(({ method, headers }) => [
        method,
        headers['x-amz-server-side-encryption'],
        headers['x-amz-server-side-encryption-aws-kms-key-id'],
      ]);
      expect(asked).toEqual([
        ['PUT', 'aws:kms', 'key-7'],
        ['POST', 'aws:kms', 'key-7'],
      ]);
    });

    test('a healthy store is written once a minute, however often it is asked', async () => {
      const store = storeBehind();
      for (let i = 0; i < 5; i += 1) await store.check();
      expect(front.calls.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'HEAD', 'HEAD', 'HEAD']);
    });
  });
});
