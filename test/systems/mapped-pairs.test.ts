import { fieldRule } from '../../shared/systems/field-settings';
import { type Side } from '../../worker/pipeline/sides';
import { type FieldFinding, mappedSystem } from '../../worker/records/mapped-system';
import { createPair, type Pair } from '../pipeline/pair';
import { createRecords, type RemoteOptions } from '../pipeline/remote';

// Two systems with words of their own, kept equal by the engine.

const rules = [
  { here: 'lastName', there: 'name', transform: ['trim'] },
  { here: 'salutation', there: 'anrede', transform: [{ map: { 'Mr.': 'Herr', 'Ms.': 'Frau' } }] },
  { here: 'phone', there: 'tel' },
].map((rule) => fieldRule.parse(rule));

interface MappedPair extends Pair {
  readonly findings: readonly FieldFinding[];
}

function mappedPair(there: RemoteOptions = {}): MappedPair {
  const remotes = { here: createRecords('h'), there: createRecords('t', there) };
  const findings: FieldFinding[] = [];
  const mapped = (side: Side) =>
    mappedSystem(remotes[side], side, {
      rules,
      lookups: {},
      passedThrough: [],
      kept: {},
      learned: (finding) => findings.push(finding),
    });
  const systems = { here: mapped('here'), there: mapped('there') };
  const pair = createPair(remotes.here, remotes.there, {
    systems,
    prototype: rules.map(({ name }) => name),
  });
  return Object.assign(pair, { findings });
}

test('a new item on either side is created on the other, in the words of that system', async () => {
  const pair = mappedPair();
  pair.here.add('1', { fields: { lastName: 'A', salutation: 'Ms.', phone: '1' } });
  pair.there.add('2', { fields: { name: 'B', anrede: 'Herr', tel: '2' } });
  await pair.settle();
  expect(pair.here.records()).toEqual([
    { lastName: 'A', salutation: 'Ms.', phone: '1' },
    { lastName: 'B', salutation: 'Mr.', phone: '2' },
  ]);
  expect(pair.there.records()).toEqual([
    { name: 'A', anrede: 'Frau', tel: '1' },
    { name: 'B', anrede: 'Herr', tel: '2' },
  ]);
});

test('one record with a value that the other side has no word for is refused with its field, and stops no other record', async () => {
  const pair = mappedPair();
  pair.here.add('1', { fields: { lastName: 'A', salutation: 'Dr.' } });
  pair.here.add('2', { fields: { lastName: 'B', salutation: 'Mr.' } });
  const { entries } = await pair.run();
  expect(pair.there.records()).toEqual([{ name: 'B', anrede: 'Herr', tel: null }]);
  const [refused] = entries.filter(({ verdict }) => verdict === 'failed');
  expect(refused).toMatchObject({ blocked: { side: 'here', code: 'invalid' } });
  expect(refused?.reason).toBe('salutation: is "Dr.", and the table of values has no such entry');
});

describe('a server that ignores a field', () => {
  const forgetful: RemoteOptions = {
    capabilities: { answers: 'sent', writes: 'checked' },
    echoes: true,
    normalise: ({ tel: _, ...fields }) => fields,
  };

  test('does not remove it on the other side, gets no further write for it, and is known to ignore it', async () => {
    const pair = mappedPair(forgetful);
    const key = pair.here.add('1', { fields: { lastName: 'A', phone: '1' } });
    await pair.settle();
    pair.there.forgetCalls();
    await pair.run();
    expect(pair.there.calls).toEqual([]);
    pair.there.edit(pair.other(key), { name: 'B' });
    await pair.settle();
    expect(pair.here.records()).toMatchObject([{ lastName: 'B', phone: '1' }]);
    expect(pair.findings).toContainEqual(
      expect.objectContaining({ field: 'phone', side: 'there', kept: 'no' }),
    );
  });
});

test('a server that writes values in its own form gets no further write for this', async () => {
  const pair = mappedPair({
    normalise: ({ tel, ...fields }) => ({ ...fields, tel: typeof tel === 'string' ? `+49${tel}` : null }),
  });
  const key = pair.here.add('1', { fields: { lastName: ' A ', phone: '1' } });
  await pair.settle();
  pair.there.forgetCalls();
  pair.here.forgetCalls();
  await pair.run();
  expect([...pair.here.calls, ...pair.there.calls]).toEqual([]);
  pair.here.edit(key, { lastName: 'A' });
  await pair.settle();
  expect([...pair.here.calls, ...pair.there.calls]).toEqual([]);
});
