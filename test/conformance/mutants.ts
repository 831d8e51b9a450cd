import { unzipped } from '../../client/conformance/bench';
import { handmadeZip } from '../../client/conformance/handmade-zip';
import type { Mutant } from './mutant-server';

const statusOf = (from: number, to: number, call: RegExp): Mutant => ({
  after: (asked, { status }) => (status === from && call.test(asked) ? { status: to } : undefined),
});

const textOf = (call: RegExp, from: RegExp | string, to: string): Mutant => ({
  after: (asked, { text }) =>
    call.test(asked) && text.search(from) >= 0 ? { body: text.replace(from, to) } : undefined,
});

const headerOf = (call: RegExp, name: string, value: string): Mutant => ({
  after: (asked) => (call.test(asked) ? { headers: { [name]: value } } : undefined),
});

/** Changes a file of every package. */
const packageOf = (file: string, from: RegExp | string, to: string): Mutant => ({
  after: async (asked, { status, body }) => {
    if (status !== 200 || !/^GET .*datas$/.test(asked)) return undefined;
    const entries = [...(await unzipped(body))].map(([name, content]) => ({
      name,
      content: name === file ? content.toString('utf8').replace(from, to) : content,
    }));
    return { body: handmadeZip(entries) };
  },
});

/** The report counts this wrong. */
const countOf = (name: string, from: number): Mutant =>
  packageOf('report.json', new RegExp(`"${name}":\\s*${from}\\b`), `"${name}":99`);

/** From the nth of these calls on, it gives another text. */
function textFrom(nth: number, call: RegExp, change: Readonly<{ from: RegExp; to: string }>): Mutant {
  let met = 0;
  return {
    after: (asked, { text }) => {
      if (!call.test(asked)) return undefined;
      met += 1;
      return met < nth ? undefined : { body: text.replace(change.from, change.to) };
    },
  };
}

/** From the nth of these calls on, it has this status. */
function statusFrom(nth: number, call: RegExp, status: number): Mutant {
  let met = 0;
  return { after: (asked) => (call.test(asked) && (met += 1) >= nth ? { status } : undefined) };
}

function otherBytesTheSecondTime(): Mutant {
  const fetched = new Set<unknown>();
  return {
    after: (asked, { headers, body }) => {
      if (!/^GET .*datas$/.test(asked)) return undefined;
      const sync = headers['epack-sync'];
      if (fetched.has(sync)) return { body: Buffer.concat([body, Buffer.from('made anew')]) };
      fetched.add(sync);
      return undefined;
    },
  };
}

/** The key of a refused upload cannot be used again. */
function keysThatAreUsedUp(): Mutant {
  const used = new Set<string>();
  return {
    after: (_asked, { status }, { headers }) => {
      const key = headers['idempotency-key'];
      if (key === undefined) return undefined;
      if (used.has(key)) return { status: 422 };
      if (status >= 400) used.add(key);
      return undefined;
    },
  };
}

/** Refuses what the headers or the body of a request say. */
const refusing = (call: RegExp, status: number, isMeant: (sent: string) => boolean): Mutant => ({
  after: (asked, _reply, { body, headers }) =>
    call.test(asked) && isMeant(JSON.stringify(headers) + body) ? { status } : undefined,
});

const withoutHeader = (name: string): Mutant => ({
  before: (_asked, { headers }) => ({
    headers: Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name)),
  }),
});

const upload = /^POST .*datas$/;
const highestFridge = /"Tbfridge":"\d+"/;
const acceptsTheArchive = statusOf(422, 200, upload);

/** The token that a solution gets says something else than the one that the server reads. */
const tokenWithoutJti: Mutant = {
  before: (_asked, { headers }) => {
    const given = headers['authorization'];
    return given === undefined
      ? {}
      : { headers: { ...headers, authorization: given.replace(otherHead, '') } };
  },
  after: (asked, { status, text }) =>
    status === 200 && asked.endsWith('login') ? { body: text.replace('"', `"${otherHead}`) } : undefined,
};
const otherHead = `${Buffer.from('{"alg":"none"}').toString('base64url')}.`;

/** For each check, a server that obeys every sentence but the one that it tests. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'login-token': textOf(/photos\/login$/, /^(".*")$/, '{"token":$1}'),
  'login-claims': tokenWithoutJti,
  'login-mail-case': refusing(/login$/, 400, (sent) => sent.includes('KITCHEN')),
  'login-mac-form': refusing(/login$/, 400, (sent) => /"MAC":"00-1A/.test(sent)),
  'login-mac-ignore': statusOf(400, 200, /login$/),
  'login-content-type': refusing(/login$/, 415, (sent) => sent.includes('"text/plain"')),
  'login-not-json': statusOf(400, 500, /login$/),
  'login-wrong-secret': textOf(/login$/, 'Incorrect credentials', 'Unknown mail'),
  'unknown-channel': statusOf(404, 400, /no-such-channel/),
  'unknown-path': statusOf(404, 410, /no-such-call/),
  'method-not-allowed': statusOf(405, 404, /^DELETE .*statut/),
  'head-without-body': statusOf(200, 405, /^HEAD .*statut/),
  'token-missing': statusOf(401, 403, /lastIdLogs/),
  'token-malformed': headerOf(/statut$/, 'www-authenticate', 'Basic'),
  'problem-json': headerOf(/statut\?wait=0/, 'content-type', 'application/json'),
  'request-id': headerOf(/statut/, 'x-request-id', 'always-the-same'),
  'times-in-utc': textOf(/synchro\/sync$/, /\.\d{3}Z/, '+01:00'),
  'wrong-clock': refusing(upload, 426, (sent) => sent.includes('epack-solution/0.1-old')),
  'channels-are-independent': textOf(/sondes\/statut/, '"0"', '"2"'),
  'statut-string': textOf(/statut$/, /^"(\d)"$/, '$1'),
  'statut-names-the-sync': headerOf(/statut$/, 'epack-sync', '00000000-0000-4000-8000-000000000000'),
  'statut-returns-at-once': textOf(/wait=60/, '"0"', '"1"'),
  'statut-bad-wait': statusOf(400, 200, /wait=61/),
  'statut-not-alone': textOf(/statut\?not=0$/, '"0"', '"1"'),
  'poll-after': headerOf(/statut$/, 'epack-poll-after', '0'),
  'last-ids-are-strings': textOf(/lastIdLogs/, /"(-1|\d+)"/, '$1'),
  'last-ids-of-photos': textOf(/photos\/lastIdLogs/, '{}', '{"Tbphotos":"-1"}'),
  'last-ids-follow': textOf(/lastIdLogs/, highestFridge, '"Tbfridge":"-1"'),
  'last-ids-of-rejected-rows': textOf(/lastIdLogs/, highestFridge, '"Tbfridge":"-1"'),
  'id-jump': textOf(/lastIdLogs/, highestFridge, '"Tbfridge":"5000000"'),
  'last-ids-need-status-0': statusOf(403, 409, /lastIdLogs/),
  'wrong-status-tells-it': textOf(/datas$/, '"statut":"2"', '"statut":2'),
  'parameters-list': textOf(/synchro\/listSyncParams/, /^\[.*\]$/, '[]'),
  'parameters-of-other-channels': textOf(/sondes\/listSyncParams/, /\[\]/, '["Probes.xml"]'),
  'parameters-need-status-0': statusOf(403, 409, /listSyncParams/),
  'upload-accepted': headerOf(upload, 'epack-sync', ''),
  'upload-form': refusing(upload, 415, (sent) => sent.includes('filename=')),
  'upload-form-without-file': statusOf(400, 422, upload),
  'whole-sync-on-sondes': statusOf(200, 409, /sondes\/confirm$/),
  'whole-sync-on-messagerie': statusOf(200, 409, /messagerie\/confirm$/),
  'whole-sync-on-photos': statusOf(200, 409, /photos\/confirm$/),
  'upload-digest': statusOf(400, 422, upload),
  'upload-digest-unreadable': statusOf(400, 200, upload),
  'upload-key-repeated': withoutHeader('idempotency-key'),
  'upload-key-reused': statusOf(422, 409, upload),
  'upload-key-after-refusal': keysThatAreUsedUp(),
  'upload-while-busy': statusOf(403, 200, upload),
  'upload-refused-leaves-nothing': textFrom(2, /synchro\/sync$/, { from: /"sync":"\w/, to: '"sync":"x' }),
  'upload-type': statusOf(415, 400, upload),
  'upload-not-a-zip': statusOf(415, 422, upload),
  'upload-empty-archive': refusing(upload, 422, (sent) =>
    sent.includes('PK\u0005\u0006\u0000\u0000\u0000\u0000\u0000\u0000'),
  ),
  // The proxy asks for every body at once.
  'upload-asks-first': {},
  'upload-too-large': {},
  'archive-truncated': acceptsTheArchive,
  'archive-bad-crc': acceptsTheArchive,
  'archive-encrypted': acceptsTheArchive,
  'archive-method': acceptsTheArchive,
  'archive-symbolic-link': textOf(upload, 'csv/link.csv', 'an entry'),
  'archive-absolute-path': textOf(upload, '/etc/cron.d/epack', 'an entry'),
  'archive-drive-letter': textOf(upload, 'C:/Windows/x.csv', 'an entry'),
  'archive-traversal': acceptsTheArchive,
  'archive-same-name': statusOf(422, 400, upload),
  'archive-overlapping': textOf(upload, '"bad-archive"', '"bad-request"'),
  'archive-bomb': textOf(upload, 'csv/bomb.csv', 'an entry'),
  'package-needs-status-2': statusOf(403, 404, /^GET .*datas$/),
  'package-headers': headerOf(/^GET .*datas$/, 'repr-digest', 'sha-256=:AAAA:'),
  'package-same-bytes': otherBytesTheSecondTime(),
  'package-ranges': statusOf(206, 200, /^GET .*datas$/),
  'package-not-modified': statusOf(304, 412, /^GET .*datas$/),
  'package-manifest': packageOf('manifest.json', /"sha256":\s*"../, '"sha256":"__'),
  'package-report': packageOf('report.json', /"outcome":\s*"processed"/, '"outcome":"done"'),
  'package-photo-index': packageOf('csv/Photos-r.csv', 'Sha256', 'Digest'),
  'sync-tells-its-state': textOf(/synchro\/sync$/, '"state":"confirmed"', '"state":"done"'),
  'confirm-empty-body': textOf(/confirm$/, '{"statut":"0"}', '{"statut":0}'),
  'confirm-twice': statusFrom(2, /confirm$/, 403),
  'confirm-other-sync': statusOf(409, 200, /confirm$/),
  'confirm-nothing': statusOf(403, 200, /confirm$/),
  'confirm-bad-body': statusOf(400, 200, /confirm$/),
  'confirm-failed-comes-again': {
    before: (asked, { body }) =>
      asked.endsWith('/confirm') ? { body: body.replace(/"failed":\[.*\]/, '"failed":[]') } : {},
  },
  'resumable-options': headerOf(/^OPTIONS /, 'tus-extension', 'creation'),
  'resumable-version': statusOf(412, 400, /uploads$/),
  'resumable-in-parts': headerOf(/^HEAD .*uploads\//, 'upload-offset', '49'),
  'resumable-repeated': {
    after: (asked, _reply, { body }) => (/^PATCH /.test(asked) && body === '' ? { body: '{}' } : undefined),
  },
  'resumable-wrong-offset': statusOf(409, 400, /uploads\//),
  'resumable-type': statusOf(415, 400, /uploads\//),
  'resumable-deleted': statusOf(204, 200, /^DELETE /),
  'resumable-of-another-channel': statusOf(404, 403, /sondes\/uploads/),
  'resumable-needs-status-0': statusOf(403, 201, /uploads$/),
  'rows-inserted-once': countOf('duplicates', 2),
  'id-conflict': packageOf('report.json', 'id-conflict', 'bad-value'),
  'bad-row-alone': countOf('inserted', 2),
  'french-csv': countOf('duplicates', 1),
  'names-compare-without-case': countOf('inserted', 1),
  'ignored-files': packageOf('report.json', 'notes.txt', 'other.txt'),
  'all-ignored': packageOf('report.json', /"allIgnored":\s*true/, '"allIgnored":false'),
  'parameter-taken': countOf('unchanged', 1),
  'parameter-changed': countOf('updated', 1),
  'doctype-refused': packageOf('report.json', 'malformed-xml', 'bad-value'),
  'photo-comes-back': headerOf(/files\//, 'content-type', 'application/octet-stream'),
  'photo-name-case': statusOf(200, 404, /files\/SUITE/),
  'photo-unknown': statusOf(404, 200, /files\//),
  'photo-damaged': packageOf('report.json', 'bad-photo', 'bad-value'),
  'stranger-status': statusOf(403, 404, /^GET .*datas$/),
  'stranger-rows': textFrom(3, /lastIdLogs$/, { from: /"Tbfridge":"[^"]*"/, to: '"Tbfridge":"7"' }),
  'stranger-photo': statusOf(404, 200, /files\//),
  'stranger-upload': statusOf(404, 403, /^PATCH /),
  'stranger-secret': statusOf(400, 200, /login$/),
  'login-limit': headerOf(/login$/, 'retry-after', 'soon'),
};
