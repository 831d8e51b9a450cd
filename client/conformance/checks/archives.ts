import type { Check } from '../check';
import { need, needEqual, needProblem, textMember } from '../expectations';
import { handmadeZip, UTF8_FLAG } from '../handmade-zip';

const section = 'The uploaded archive';

interface HostileArchive {
  readonly id: string;
  /** The words of the sentence. */
  readonly reason: string;
  readonly title: Check['title'];
  /** Null: the reason is not about one entry. */
  readonly names: string | null;
  readonly archive: () => Buffer;
}

const one = { name: 'csv/Tbfridge.csv', content: 'Id\r\n1\r\n' };
const plain = () => handmadeZip([one]);
const megabytes = (count: number) => Buffer.alloc(count * 1024 * 1024);

const hostile: readonly HostileArchive[] = [
  {
    id: 'truncated',
    reason: 'truncated',
    title: { en: 'An archive that is cut off', fr: 'Une archive coupée' },
    names: null,
    archive: () => plain().subarray(0, -30),
  },
  {
    id: 'bad-crc',
    reason: 'bad CRC',
    title: { en: 'A file that was changed on the way', fr: 'Un fichier altéré en route' },
    names: one.name,
    archive: () => handmadeZip([{ ...one, crc: 12345 }]),
  },
  {
    id: 'encrypted',
    reason: 'encrypted',
    title: { en: 'A file with a password', fr: 'Un fichier avec mot de passe' },
    names: one.name,
    archive: () => handmadeZip([{ ...one, flags: UTF8_FLAG | 1 }]),
  },
  {
    id: 'method',
    reason: 'a method other than stored and deflated',
    title: { en: 'A compression that the protocol lacks', fr: 'Une compression absente du protocole' },
    names: one.name,
    archive: () => handmadeZip([{ ...one, method: 12 }]),
  },
  {
    id: 'symbolic-link',
    reason: 'a symbolic link or another special file',
    title: { en: 'A symbolic link', fr: 'Un lien symbolique' },
    names: 'csv/link.csv',
    archive: () => handmadeZip([{ name: 'csv/link.csv', content: '/etc/passwd', mode: 0o120777 }]),
  },
  {
    id: 'absolute-path',
    reason: 'an absolute path',
    title: { en: 'An absolute path', fr: 'Un chemin absolu' },
    names: '/etc/cron.d/epack',
    archive: () => handmadeZip([{ name: '/etc/cron.d/epack' }]),
  },
  {
    id: 'drive-letter',
    reason: 'a drive letter',
    title: { en: 'A drive letter', fr: 'Une lettre de lecteur' },
    names: 'C:/Windows/x.csv',
    archive: () => handmadeZip([{ name: 'C:/Windows/x.csv' }]),
  },
  {
    id: 'traversal',
    reason: '`..`',
    title: { en: 'A path that leads out of the folder', fr: 'Un chemin qui sort du dossier' },
    names: '../../../outside.csv',
    archive: () => handmadeZip([{ name: '../../../outside.csv' }]),
  },
  {
    id: 'same-name',
    reason: 'two entries of one name',
    title: { en: 'Two files of one name', fr: 'Deux fichiers du même nom' },
    names: 'CSV/TBFRIDGE.csv',
    archive: () => handmadeZip([one, { ...one, name: 'CSV/TBFRIDGE.csv' }]),
  },
  {
    id: 'overlapping',
    reason: 'overlapping entries',
    title: { en: 'Files that share their bytes', fr: 'Des fichiers qui partagent leurs octets' },
    names: null,
    archive: () => handmadeZip([one, { ...one, name: 'csv/Other.csv', headerStart: 0, directoryOnly: true }]),
  },
  {
    id: 'bomb',
    reason: 'compression ratio too high, of an entry or of the whole archive',
    title: { en: 'A bomb: 32 MiB in 32 KiB', fr: 'Une bombe : 32 Mio dans 32 Kio' },
    names: 'csv/bomb.csv',
    archive: () => handmadeZip([{ name: 'csv/bomb.csv', content: megabytes(32) }]),
  },
];

/** Archives that no server may accept. */
export const archiveChecks: readonly Check[] = hostile.map(({ id, reason, title, names, archive }) => ({
  id: `archive-${id}`,
  section,
  sentence: reason,
  title,
  run: async (bench) => {
    const synchro = await bench.idle('synchro');
    const reply = await synchro.post(archive());
    needProblem(reply, 422, 'bad-archive');
    const detail = textMember(reply.json, 'detail');
    need(names === null || detail.includes(names), `the detail names ${names ?? 'the entry'}`, detail);
    needEqual('the status', await synchro.statut(), '0');
  },
}));
