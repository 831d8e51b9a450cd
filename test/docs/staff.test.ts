import { english } from '../../api/backoffice/console/words/english';
import { flags } from '../../shared/domain/flag';
import { pageOf } from './markdown';

// The page speaks in the words that people see.

const { text } = pageOf('docs/staff.md');
const flat = text.replace(/\s+/g, ' ').replaceAll("'", '’');
const missing = (words: readonly string[]) => words.filter((word) => !flat.includes(word));

test('docs/staff.md names every state of a channel and of a synchronisation', () => {
  const states = [...Object.values(english.statuts), ...Object.values(english.states)];
  expect(missing(states.map((state) => `\`${state}\``))).toEqual([]);
});

test('docs/staff.md names every flag, with its label and its name on the wire', () => {
  expect(missing(flags.map((flag) => `\`${flag}\` (${english.flagNames[flag]})`))).toEqual([]);
});

test('docs/staff.md names every channel, count, alert and role', () => {
  const { channels, counts, alertKinds, roles } = english;
  expect(missing([channels, counts, alertKinds, roles].flatMap((words) => Object.values(words)))).toEqual([]);
});

test("docs/staff.md uses the console's names of buttons and pages", () => {
  const { tabs, findings } = english;
  const pressed = [
    english.solutions,
    tabs.now,
    tabs.syncs,
    tabs.params,
    tabs.readings,
    tabs.settings,
    english.allWell,
    findings.silent,
    findings.locked,
    english.forgetMac,
    english.unlock,
    english.makeSecret,
    english.due,
    english.parked,
    english.history,
    english.clock,
    english.flagsForMany,
    english.correctAndReplay,
    english.discard,
    english.keepManagers,
    english.keepSolutions,
    english.otherValues,
    english.conflictStates.open,
    english.conflictStates.resolved,
    english.acknowledge,
    english.alertStates.escalated,
    english.replay,
    english.myAccount,
    english.notifications,
  ];
  expect(missing(pressed)).toEqual([]);
});
