import { refusalOf } from '../../api/backoffice/console/refusal';
import { english } from '../../api/backoffice/console/words-english';
import { french } from '../../api/backoffice/console/words-french';
import { refusalCodes } from '../../shared/domain/refusal';

describe('why something was refused', () => {
  // What a worker may give is typed as these codes: whoever adds one that has no words does not compile.
  test.each(refusalCodes)('%s is told in both languages, with what to do', (code) => {
    const [said, dit] = [refusalOf(english, code), refusalOf(french, code)];
    for (const { why, advice } of [said, dit]) for (const text of [why, advice]) expect(text).toMatch(/\.$/);
    expect(said.why).not.toBe(english.refusedOtherwise.why);
    expect(dit.why).not.toBe(said.why);
    expect(dit.advice).not.toBe(said.advice);
  });

  test('is told also where an earlier version gave another code', () => {
    expect(refusalOf(french, 'no-longer-given')).toBe(french.refusedOtherwise);
    expect(refusalOf(english, 'constructor')).toBe(english.refusedOtherwise);
  });
});
