import fc from 'fast-check';
import { XMLValidator } from 'fast-xml-parser';
import { Readable } from 'node:stream';
import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import type { FieldValue } from '../../shared/domain/merge-copy';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { writeEntities, type WrittenEntity } from '../../shared/formats/xml-writer';

const fridges = declared('Fridges');

describe('the writer of parameter files', () => {
  test('writes as .NET does: the fields that all have, the declared ones in their order, the others by name', () => {
    const text = written([
      {
        id: '1532500000123',
        idServer: '41',
        ts: '2026-11-20 07:31:00',
        isActive: true,
        fields: {
          Zeta: 'z',
          TempMax: 4,
          Alpha: null,
          Steps: { xml: '<Steps><Step>1</Step></Steps>' },
          Name: 'A & <B>',
        },
      },
      { id: '2', idServer: null, ts: null, isActive: false, fields: {} },
    ]);
    expect(text).toBe(`<?xml version="1.0" encoding="utf-8"?>
<ArrayOfDefFridges xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <DefFridges>
    <Id>1532500000123</Id>
    <idServer>41</idServer>
    <Ts>2026-11-20 07:31:00</Ts>
    <IsActive>true</IsActive>
    <Name>A &amp; &lt;B&gt;</Name>
    <TempMax>4</TempMax>
    <Alpha xsi:nil="true"/>
    <Zeta>z</Zeta>
    <Steps><Step>1</Step></Steps>
  </DefFridges>
  <DefFridges>
    <Id>2</Id>
    <idServer/>
    <Ts/>
    <IsActive>false</IsActive>
  </DefFridges>
</ArrayOfDefFridges>
`);
  });

  test('writes a class without entities', async () => {
    expect(await read(written([]))).toEqual([]);
  });

  test('writes what it cannot hold as U+FFFD, so that the file can always be read', async () => {
    const name = `a\0b\x1fc\ud800d\uffffe\r\nf\tg`;
    const [entity] = await read(written([{ ...blank, fields: { Name: name } }]));
    expect(entity?.fields).toEqual({ Name: 'a\ufffdb\ufffdc\ufffdd\ufffde\r\nf\tg' });
  });

  test('writes no field beside the one of that name that every entity has', async () => {
    const text = written([{ ...blank, isActive: false, fields: { ISACTIVE: 'true', Name: 'a' } }]);
    expect(await read(text)).toMatchObject([{ isActive: false, fields: { Name: 'a' } }]);
  });

  test('a written file is read as the same entities', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entity(), { maxLength: 5 }), async (entities) => {
        const text = written(entities);
        expect(XMLValidator.validate(text)).toBe(true);
        expect(await read(text)).toEqual(entities);
      }),
    );
  });

  test('thousands of entities come in chunks', async () => {
    const many = Array.from({ length: 1_201 }, (_, index) => ({ ...blank, id: String(index) }));
    expect([...writeEntities(fridges, many)]).toHaveLength(4);
    expect((await read(written(many))).map(({ id }) => id)).toEqual(many.map(({ id }) => id));
  });
});

const blank: WrittenEntity = { id: '1', idServer: null, ts: null, isActive: true, fields: {} };

function written(entities: readonly WrittenEntity[]): string {
  return [...writeEntities(fridges, entities)].join('');
}

async function read(text: string): Promise<WrittenEntity[]> {
  const entities: WrittenEntity[] = [];
  for await (const entity of readEntities(Readable.from([Buffer.from(text)]))) {
    if (entity.kind === 'problem') throw new Error(entity.reason);
    const { id, idServer, ts, isActive } = entity;
    const { fields, problems } = decodeFields(fridges, entity.fields);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    entities.push({ id, idServer, ts, isActive, fields });
  }
  return entities;
}

function entity(): fc.Arbitrary<WrittenEntity> {
  const held = fc
    .string({ unit: 'grapheme' })
    .filter((text) => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text));
  const token = fc.stringMatching(/^[!-~]{1,64}$/);
  const name = fc.constantFrom('Note', '__proto__', 'constructor', 'ids', 'Éléments', 'a.b-c_1');
  const value: fc.Arbitrary<FieldValue> = fc.oneof(held, fc.constant(null), fc.constant('\r\n  \t'));
  const undeclared = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key });
  const markup = held.map((text) => ({
    xml: `<Steps a="1"><Step>${text.replace(/[&<>\r]/g, '')}</Step></Steps>`,
  }));
  const declaredFields: fc.Arbitrary<Record<string, FieldValue>> = fc.record(
    {
      Name: held,
      Type: fc.constantFrom('positive', 'negative', null),
      TempMin: fc.oneof(
        fc.double({ min: -200, max: 600, noNaN: true }).map((number) => number + 0),
        fc.constant(null),
      ),
      AlertDelayMinutes: fc.integer({ min: 0, max: 525_600 }),
      Steps: markup,
    },
    { requiredKeys: [] },
  );
  return fc
    .record({
      id: token,
      idServer: fc.option(token),
      ts: fc.option(token),
      isActive: fc.boolean(),
      declaredFields,
      undeclared,
    })
    .map(({ declaredFields: known, undeclared: others, ...shared }) => ({
      ...shared,
      fields: Object.fromEntries(
        [...Object.entries(known), ...others].map(([key, of]) => [key, of === 0 ? 0 : of]),
      ),
    }));
}

function declared(name: string): ParameterClass {
  const found = findParameterClass(name);
  if (found === undefined) throw new Error(name);
  return found;
}
