import { counted, fridgeFile, fridgeRows, rejectedCodes } from '../bench';
import type { Check } from '../check';
import { member, need, needEqual } from '../expectations';

/** What becomes of readings and parameters. */
export const processingChecks: readonly Check[] = [
  {
    id: 'rows-inserted-once',
    section: 'Logs',
    sentence:
      'A row is `inserted` if its `Id` is new for the solution and table. The same row again is a duplicate.',
    title: { en: 'Rows that are sent twice', fr: 'Des lignes envoyées deux fois' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const files = { 'csv/Tbfridge.csv': fridgeRows([id, id + 1n]) };
      const first = await synchro.sync(files);
      needEqual('Tbfridge', counted(first.report, 'logs', 'Tbfridge'), {
        inserted: 2,
        duplicates: 0,
        rejected: 0,
      });
      await synchro.confirm();
      const second = await synchro.sync(files);
      needEqual('Tbfridge', counted(second.report, 'logs', 'Tbfridge'), {
        inserted: 0,
        duplicates: 2,
        rejected: 0,
      });
    },
  },
  {
    id: 'id-conflict',
    section: 'Logs',
    sentence: 'The same `Id` with other content, undeclared columns included, is `id-conflict`.',
    title: { en: 'A known id with another reading', fr: 'Un identifiant connu avec un autre relevé' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id], '3.4') });
      await synchro.confirm();
      const { report } = await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id], '9.9') });
      needEqual('the rejection', rejectedCodes(report), ['id-conflict']);
    },
  },
  {
    id: 'bad-row-alone',
    section: 'Processing',
    sentence:
      'What cannot be applied is kept in quarantine, with its raw text (the first 64 KiB of a refused file) and a reason.',
    title: { en: 'One bad row among good ones', fr: 'Une mauvaise ligne parmi les bonnes' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const bad = `x${id},2026-01-05 07:31:00,Conformance,3.4\r\n`;
      const { report } = await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id, id + 1n]) + bad });
      needEqual('Tbfridge', counted(report, 'logs', 'Tbfridge'), { inserted: 2, duplicates: 0, rejected: 1 });
      needEqual('the rejection', rejectedCodes(report), ['bad-id']);
    },
  },
  {
    id: 'french-csv',
    section: 'Logs: csv/<Table>.csv',
    sentence: 'Numbers: `.` or `,` for decimals (quote them if `,` is the delimiter)',
    title: { en: 'Semicolons and decimal commas', fr: 'Points-virgules et virgules décimales' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const rows = `\ufeffId;MeasuredAt;FridgeName;Temp\n${id};05/01/2026 07:31;"Chambre; froide";3,4\n`;
      const { report } = await synchro.sync({ 'csv/Tbfridge.csv': rows });
      needEqual('Tbfridge', counted(report, 'logs', 'Tbfridge'), { inserted: 1, duplicates: 0, rejected: 0 });
      await synchro.confirm();
      const again = await synchro.sync({
        'csv/Tbfridge.csv': `Id,MeasuredAt,FridgeName,Temp\r\n${id},2026-01-05T07:31:00,Chambre; froide,3.4\r\n`,
      });
      needEqual('the same in English', counted(again.report, 'logs', 'Tbfridge'), {
        inserted: 0,
        duplicates: 1,
        rejected: 0,
      });
    },
  },
  {
    id: 'names-compare-without-case',
    section: 'The uploaded archive',
    sentence:
      'Names are compared without regard to case and to the way their accents are composed; `\\` counts as `/`.',
    title: {
      en: 'Names in capitals, with backslashes',
      fr: 'Des noms en majuscules, avec barres obliques inverses',
    },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const { report } = await synchro.sync({ 'CSV\\TBFRIDGE.CSV': fridgeRows([id]) });
      needEqual('Tbfridge', counted(report, 'logs', 'Tbfridge'), { inserted: 1, duplicates: 0, rejected: 0 });
    },
  },
  {
    id: 'ignored-files',
    section: 'The uploaded archive',
    sentence: 'The report lists everything else as `ignored`',
    title: { en: 'Files that mean nothing', fr: 'Des fichiers sans signification' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const files = { 'csv/Tbfridge.csv': fridgeRows([id]), '__MACOSX/._x': 'x', 'notes.txt': 'hello' };
      const ignored = member((await synchro.sync(files)).report, 'ignored');
      const names = Array.isArray(ignored) ? ignored.map(String).sort() : ignored;
      needEqual('ignored', names, ['__MACOSX/._x', 'notes.txt']);
    },
  },
  {
    id: 'all-ignored',
    section: 'The uploaded archive',
    sentence: 'If an archive is not empty and all of it was ignored, the report has `allIgnored: true`',
    title: { en: 'Everything in one folder above', fr: 'Tout dans un dossier au-dessus' },
    run: async (bench) => {
      const { report } = await (
        await bench.idle('synchro')
      ).sync({ 'export/csv/Tbfridge.csv': 'Id\r\n1\r\n' });
      needEqual('allIgnored', member(report, 'allIgnored'), true);
    },
  },
  {
    id: 'parameter-taken',
    section: 'Parameters',
    sentence: 'changed or new',
    title: { en: 'A new parameter, then the same again', fr: 'Un nouveau paramètre, puis le même' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const files = { 'xml/Fridges.xml': fridgeFile(bench.freshId()) };
      const first = await synchro.sync(files);
      needEqual('inserted', member(first.report, 'params', 'Fridges', 'inserted'), 1);
      await synchro.confirm();
      const second = await synchro.sync(files);
      needEqual('unchanged', member(second.report, 'params', 'Fridges', 'unchanged'), 1);
    },
  },
  {
    id: 'parameter-changed',
    section: 'Parameters',
    sentence: 'the manager takes it',
    title: { en: 'A parameter that was changed in the kitchen', fr: 'Un paramètre modifié en cuisine' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = bench.freshId();
      await synchro.sync({ 'xml/Fridges.xml': fridgeFile(id) });
      await synchro.confirm();
      const { report } = await synchro.sync({ 'xml/Fridges.xml': fridgeFile(id, { name: 'Changed' }) });
      needEqual('updated', member(report, 'params', 'Fridges', 'updated'), 1);
    },
  },
  {
    id: 'doctype-refused',
    section: 'Parameters: xml/<Class>.xml',
    sentence: 'does not match its encoding, has a DOCTYPE or another root',
    title: { en: 'A file with a DOCTYPE', fr: 'Un fichier avec un DOCTYPE' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
      const xml = fridgeFile(bench.freshId()).replace('?>', `?>${entity}`);
      const { report } = await synchro.sync({ 'xml/Fridges.xml': xml, 'csv/Tbfridge.csv': fridgeRows([id]) });
      needEqual('the rejection', rejectedCodes(report), ['malformed-xml']);
      need(member(report, 'logs', 'Tbfridge', 'inserted') === 1, 'the rest is applied', report);
    },
  },
];
