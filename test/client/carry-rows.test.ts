import path from 'node:path';
import { carryRows, type RowInstructions } from '../../client/local-copy/carry-rows';
import { contentsOf, copyWith, put, textIn } from './copies';

const table = 'csv/Tbmessagerie.csv';

/** Carries instruction files (by op) out on a table. */
async function carry(
  before: string | null,
  instructions: Partial<Record<RowInstructions['op'], string>>,
  highestSent: bigint | null = null,
) {
  const copy = await copyWith(before === null ? {} : { [table]: before });
  const files = Object.entries(instructions).map(([op, content]): RowInstructions => {
    put(copy.dir, { [`.epack/told-${op}.csv`]: content });
    return {
      file: `csv/Tbmessagerie-${op}.csv`,
      op: op as RowInstructions['op'],
      path: path.join(copy.dir, `.epack/told-${op}.csv`),
    };
  });
  const target = { path: path.join(copy.dir, table), keyColumn: 'Id', highestSent };
  const once = await carryRows(copy.files, target, files);
  const text = textIn(copy.dir, table);
  const twice = await carryRows(copy.files, target, files);
  expect(textIn(copy.dir, table)).toBe(text);
  expect(twice.failed).toEqual(once.failed);
  expect(Object.keys(contentsOf(copy.dir))).toEqual([table]);
  return { ...once, text };
}

describe('instructions about rows (each done twice, with the same end)', () => {
  test('insert, update and delete rows', async () => {
    const { text, failed, carried } = await carry('Id,Body\n1,one\n2,two\n3,three\n', {
      i: 'Id,Body\r\n9,"nine, and more"\r\n',
      u: 'Id,Body\r\n2,"deux\nlignes"\r\n',
      d: 'Id,Body\r\n1,\r\n',
    });
    expect(text).toBe('Id,Body\n2,"deux\nlignes"\n3,three\n9,"nine, and more"\n');
    expect({ carried, failed }).toEqual({ carried: 3, failed: [] });
  });

  test('make a table that is not there yet', async () => {
    expect((await carry(null, { i: 'Id,Body\r\n5,hello\r\n' })).text).toBe('Id,Body\n5,hello\n');
  });

  test('replace a table, which may become empty', async () => {
    expect((await carry('Id,Body\n1,one\n', { r: 'Id,Body\r\n' })).text).toBe('Id,Body\n');
    expect((await carry('Id,Body\n1,one\n', { r: 'Id,Body\r\n7,seven\r\n' })).text).toBe(
      'Id,Body\n7,seven\n',
    );
  });

  test('a replacement keeps rows that were measured since the upload, in their own columns', async () => {
    const { text, failed } = await carry(
      'Id,Extra,Body\n1,a,one\n2,b,two\n3,c,three\n',
      { r: 'Id,Body\r\n1,un\r\n' },
      2n,
    );
    expect(text).toBe('Id,Body,Extra\n1,un,\n3,three,c\n');
    expect(failed).toEqual([]);
  });

  test('a replacement that gives a new row of the solution another content fails for that row', async () => {
    const { text, failed } = await carry(
      'Id,Body\n1,one\n2,mine\n',
      { r: 'Id,Body\r\n1,un\r\n2,yours\r\n' },
      1n,
    );
    expect(text).toBe('Id,Body\n1,un\n2,mine\n');
    expect(failed).toEqual([expect.objectContaining({ file: 'csv/Tbmessagerie-r.csv', id: '2' })]);
  });

  test('an insertion never overwrites another row of the same id', async () => {
    const { text, failed } = await carry('Id,Body\n1,mine\n', { i: 'Id,Body\r\n1,yours\r\n' });
    expect(text).toBe('Id,Body\n1,mine\n');
    expect(failed).toEqual([expect.objectContaining({ id: '1' })]);
  });

  test('columns that the table lacks are added at its end; columns that the instruction lacks keep their cells', async () => {
    const { text } = await carry('Id,Own\n1,a\n2,b\n', { u: 'id,BODY\r\n2,new\r\n' });
    expect(text).toBe('Id,Own,BODY\n1,a,\n2,b,new\n');
  });

  test('semicolons, blank lines and a row whose quote never closes are borne', async () => {
    const { text } = await carry('Id;Body\n1;one\n\n2;"half\n3;three\n', { d: 'Id,Body\r\n1,\r\n' });
    expect(text).toBe('Id;Body\n2;"half\n3;three\n');
  });
});
