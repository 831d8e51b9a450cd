import { carrySettings, type SettingInstructions } from '../../client/local-copy/carry-settings';
import type { SettingElement } from '../../client/local-copy/settings-file';

const element = (id: string, text = ''): SettingElement => ({ id, raw: `<Def><Id>${id}</Id>${text}</Def>` });
const told = (op: SettingInstructions['op'], ...elements: SettingElement[]): SettingInstructions => ({
  file: `xml/Fridges-${op}.xml`,
  op,
  elements,
});
const ids = (elements: readonly SettingElement[]) => elements.map(({ id }) => id);

describe('instructions about settings', () => {
  test('insert, update and delete elements and keep the others in their places', () => {
    const local = [element('1'), element('2'), element('3')];
    const { elements, carried, failed } = carrySettings(local, null, [
      told('d', element('1')),
      told('u', element('3', 'warmer')),
      told('i', element('4')),
    ]);
    expect(elements).toEqual([element('2'), element('3', 'warmer'), element('4')]);
    expect({ carried, failed }).toEqual({ carried: 3, failed: [] });
  });

  test('an update of a missing element inserts it; a deletion of a missing element succeeds', () => {
    const { elements, failed } = carrySettings([], null, [told('u', element('1')), told('d', element('2'))]);
    expect(ids(elements)).toEqual(['1']);
    expect(failed).toEqual([]);
  });

  test('a replacement is applied first, whatever the order of the files', () => {
    const { elements } = carrySettings([element('old')], null, [
      told('d', element('2')),
      told('i', element('3')),
      told('r', element('1'), element('2')),
    ]);
    expect(ids(elements)).toEqual(['1', '3']);
  });

  test('done twice, they change nothing the second time', () => {
    const instructions = [
      told('r', element('1'), element('2')),
      told('u', element('2', 'x')),
      told('d', element('1')),
    ];
    const once = carrySettings([element('9')], null, instructions);
    const twice = carrySettings(once.elements, null, instructions);
    expect(twice.elements).toEqual(once.elements);
    expect(twice.failed).toEqual([]);
  });

  describe('and someone edits the same on the solution after it was sent', () => {
    const sent = [element('1'), element('2'), element('3')];

    test('the edit stays, and the instruction is given back as failed', () => {
      const local = [element('1', 'edited'), element('2'), element('3')];
      const { elements, failed } = carrySettings(local, sent, [
        told('u', element('1', 'told'), element('2', 'told')),
      ]);
      expect(elements).toEqual([element('1', 'edited'), element('2', 'told'), element('3')]);
      expect(failed).toEqual([
        {
          file: 'xml/Fridges-u.xml',
          id: '1',
          reason: expect.stringContaining('changed on the solution') as string,
        },
      ]);
    });

    test('an edited element is not deleted', () => {
      const { elements, failed } = carrySettings(
        [element('1', 'edited')],
        [element('1')],
        [told('d', element('1'))],
      );
      expect(ids(elements)).toEqual(['1']);
      expect(failed).toHaveLength(1);
    });

    test('an element that was deleted meanwhile is not brought back', () => {
      const { elements, failed } = carrySettings([element('2')], sent, [told('u', element('1', 'told'))]);
      expect(ids(elements)).toEqual(['2']);
      expect(failed).toHaveLength(1);
    });

    test('a replacement keeps new and edited elements', () => {
      const local = [element('1', 'edited'), element('2'), element('3'), element('new')];
      const { elements } = carrySettings(local, sent, [told('r', element('2', 'told'))]);
      expect(elements).toEqual([element('1', 'edited'), element('2', 'told'), element('new')]);
    });

    test('after a stop half-way and a new start, applied instructions do not count as edits', () => {
      const instructions = [told('u', element('1', 'told'), element('2', 'told')), told('d', element('3'))];
      const once = carrySettings(sent, sent, instructions);
      const again = carrySettings(once.elements, sent, instructions);
      expect(again).toEqual({ ...once, elements: once.elements });
    });
  });

  test('an element without an id is kept, and an instruction without one is given back', () => {
    const nameless: SettingElement = { id: null, raw: '<Def/>' };
    const { elements, failed } = carrySettings([nameless, element('1')], null, [told('u', nameless)]);
    expect(elements).toEqual([nameless, element('1')]);
    expect(failed).toHaveLength(1);
  });
});
