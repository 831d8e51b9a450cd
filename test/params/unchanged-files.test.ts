import fc from 'fast-check';
import { edit, parameterFile } from '../v4/edits';
import { unzip, zipOf } from '../v4/archive';
import { onServer, signIn, syncTo2 } from '../v4/on-server';

// A file that came before is not read again (docs/decisions/058). Nobody may notice.

const server = onServer({}, { worker: true });

type Kitchen = Awaited<ReturnType<typeof signIn>>;

const rememberedOf = ({ id }: Kitchen): Promise<{ class: string; entities: number }[]> =>
  server()
    .db<{ solution_id: number; class: string; entities: number }>('unchanged_file')
    .where({ solution_id: id })
    .orderBy('class')
    .select('class', 'entities');

const forget = ({ id }: Kitchen) => server().db('unchanged_file').where({ solution_id: id }).delete();

async function sync(kitchen: Kitchen, upload: Buffer): Promise<object> {
  await syncTo2(kitchen, upload);
  const { report } = JSON.parse((await kitchen.sync()).text) as {
    report: { params: object; rejections: object[] };
  };
  const manifest = unzip((await kitchen.download()).body)
    .get('manifest.json')
    ?.toString();
  const { files, classes } = JSON.parse(manifest ?? '') as {
    files: { name: string; count: number }[];
    classes: object;
  };
  await kitchen.confirm();
  const told = files.map(({ name, count }) => [name, count]);
  return { params: report.params, rejections: report.rejections.length, told, classes };
}

const oils = (...names: string[]) =>
  zipOf({
    'xml/Oils.xml': parameterFile('Oils', ...names.map((Name, at) => ({ Id: String(at + 1), Name }))),
  });

test('an unchanged class is remembered and counted as unchanged the next time, until anything changes', async () => {
  const kitchen = await signIn(server());
  await sync(kitchen, oils('Left', 'Right'));
  expect(await rememberedOf(kitchen)).toEqual([]);
  await sync(kitchen, oils('Left', 'Right'));
  expect(await rememberedOf(kitchen)).toEqual([{ class: 'Oils', entities: 2 }]);
  expect(await sync(kitchen, oils('Left', 'Right'))).toMatchObject({
    params: { Oils: { inserted: 0, updated: 0, unchanged: 2, rejected: 0 } },
    told: [],
  });
  await edit(server(), kitchen.id, 'Oils', '1', { Name: 'Ours' });
  expect(await rememberedOf(kitchen)).toEqual([]);
  expect(await sync(kitchen, oils('Left', 'Right'))).toMatchObject({ told: [['xml/Oils-u.xml', 1]] });
  expect(await rememberedOf(kitchen)).toEqual([]);
});

test('after a file that cannot be read, the file before it is read again when it is sent again', async () => {
  const kitchen = await signIn(server());
  for (let time = 0; time < 2; time++) await sync(kitchen, oils('Left'));
  expect(await rememberedOf(kitchen)).toHaveLength(1);
  await sync(kitchen, zipOf({ 'xml/Oils.xml': '<ArrayOfDefOils><DefOils><Id>1' }));
  expect(await rememberedOf(kitchen)).toEqual([]);
  await sync(kitchen, oils('Left'));
  const open = await server()
    .db('quarantine')
    .where({ solution_id: kitchen.id })
    .whereNull('superseded_at')
    .select('id');
  expect(open).toEqual([]);
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ what: 'same' } as const) },
  fc.record({ what: fc.constant('solution' as const), at: fc.nat(2), name: fc.constantFrom('A', 'B') }),
  fc.record({ what: fc.constant('manager' as const), at: fc.nat(2), name: fc.constantFrom('A', 'C', null) }),
  fc.constantFrom({ what: 'unreadable' } as const, { what: 'refused' } as const, { what: 'gone' } as const),
);

test('reports, packages and copies are the same as those of a server that reads every file, whatever is sent and edited', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 7 }), async (steps) => {
      const kitchens = [await signIn(server()), await signIn(server())] as const;
      const held: (string | null)[] = ['1', '2', '3'];
      for (const one of steps) {
        if (one.what === 'solution') held[one.at] = one.name;
        if (one.what === 'gone') held[0] = null;
        const entities = held.map((name, at) => ({
          Id: String(at + 1),
          Name: name ?? 'gone',
          IsActive: String(name !== null),
          ...(one.what === 'refused' && at === 1 ? { Ts: 'never' } : {}),
        }));
        const whole = parameterFile('Oils', ...entities);
        const file = one.what === 'unreadable' ? whole.slice(0, -20) : whole;
        await forget(kitchens[1]);
        const outcomes = [];
        for (const kitchen of kitchens) {
          if (one.what === 'manager')
            await edit(
              server(),
              kitchen.id,
              'Oils',
              String(one.at + 1),
              one.name === null ? null : { Name: one.name },
            ).catch(() => undefined);
          outcomes.push(await sync(kitchen, zipOf({ 'xml/Oils.xml': file })));
        }
        expect(outcomes[0]).toEqual(outcomes[1]);
      }
      const [ours, theirs] = await Promise.all(kitchens.map(copiesOf));
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 12 },
  );
});

const copiesOf = ({ id }: Kitchen): Promise<object[]> =>
  server()
    .db('param')
    .where({ solution_id: id })
    .orderBy('id')
    .select('id', 'fields', 'is_active', 'base_fields', 'base_active', 'held', 'due', 'version');
