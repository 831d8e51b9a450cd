import { type DavResponse, readMultistatus } from '../../shared/formats/dav-multistatus';

const limits = { maxResponses: 1_000, maxTextLength: 10_000 };

async function read(text: string, pieceLength = 7, most = limits): Promise<DavResponse[]> {
  async function* pieces() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceLength) yield bytes.subarray(at, at + pieceLength);
  }
  const found: DavResponse[] = [];
  for await (const some of readMultistatus(pieces(), most)) found.push(...some);
  return found;
}

const answer = `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:s="urn:epack:sync">
<D:response xmlns:lp1="DAV:"><D:href>/a%20b/</D:href>
<D:propstat><D:prop><lp1:resourcetype><D:collection/></lp1:resourcetype><s:key>k &amp; 1</s:key></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
<D:propstat><D:prop><D:getetag/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>
<D:response><D:href>/gone</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response>
</D:multistatus>`;

test('a multi-status answer is read, whatever its prefixes are, in whatever pieces it comes', async () => {
  const [folder, gone] = await read(answer);
  expect(folder?.href).toBe('/a%20b/');
  expect(folder?.properties.get('{DAV:}resourcetype')?.elements).toEqual(['{DAV:}collection']);
  expect(folder?.properties.get('{urn:epack:sync}key')?.text).toBe('k & 1');
  // A property that the server does not have is absent, although the server names it.
  expect(folder?.properties.has('{DAV:}getetag')).toBe(false);
  expect(gone).toMatchObject({ href: '/gone', status: 423 });
});

test('an answer that is cut anywhere is no whole', async () => {
  for (let length = 0; length < answer.length; length += 11)
    await expect(read(answer.slice(0, length))).rejects.toThrow();
});

test('a document type, another document and what has no bounds are refused', async () => {
  const withEntities = answer.replace('?>', '?><!DOCTYPE d [<!ENTITY a "aaaa">]>').replace('/gone', '&a;');
  await expect(read(withEntities)).rejects.toThrow('document type');
  await expect(read('<html><body>Sign in</body></html>')).rejects.toThrow('no multi-status');
  await expect(read('')).rejects.toThrow();
  await expect(read(answer.replace('/gone', 'x'.repeat(20_000)), 5_000)).rejects.toThrow('too long');
  await expect(
    read(answer.replace('<D:status>HTTP/1.1 423', `<D:status ${'a'.repeat(60_000)}`), 5_000),
  ).rejects.toThrow();
  await expect(read(answer, 100, { ...limits, maxResponses: 1 })).rejects.toThrow('too many');
  await expect(read(answer.replace('<D:href>/gone</D:href>', ''))).rejects.toThrow('names nothing');
  const deep = `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`;
  await expect(read(answer.replace('/gone', deep), 1_000)).rejects.toThrow('in one another');
});
