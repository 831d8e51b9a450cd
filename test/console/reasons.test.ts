import { reasonIn } from '../../shared/catalog/tell-reason';
import { quotable, type Reason, type ReasonCode, type ReasonValues } from '../../shared/domain/reason';
import { englishReasons, reasonText } from '../../shared/domain/reason-english';
import { storedReason } from '../../shared/formats/stored-reason';

/** One of each: whoever adds a reason is asked for an example here. */
const examples: { readonly [Code in ReasonCode]: ReasonValues[Code] } = {
  'number-expected': { column: 'PolarPercent', value: 'hot', min: 0, max: 100, unit: '%' },
  'whole-number-expected': { column: 'Sequence', value: '1.5', min: 0, max: Number.MAX_SAFE_INTEGER },
  'choice-expected': { column: 'Operator', value: '≤', choices: ['<', '='] },
  'boolean-expected': { column: 'IsConform', value: 'maybe' },
  'time-expected': { column: 'MeasuredAt', value: 'noon' },
  'date-expected': { column: 'UseBy', value: 'soon' },
  'text-without-nul-expected': { column: 'Comment', value: 'a\ufffdb' },
  'undeclared-with-nul': {},
  'quote-never-closed': {},
  'text-behind-quote': {},
  'row-too-large': {},
  'row-cell-count': { cells: 3, expected: 4 },
  'id-no-whole-number': {},
  'id-far-above': { step: 7, highest: '41' },
  'id-stored-otherwise': { id: '12' },
  'message-never-sent': { id: '-12' },
  'header-unreadable': { fault: 'bad-quote' },
  'too-many-columns': { most: 999 },
  'rows-end-with-cr': {},
  'header-with-nul': {},
  'column-twice': { column: 'temp' },
  'no-id-column': {},
  'undeclared-name-too-long': { mostBytes: 100 },
  'too-many-undeclared': { table: 'Tblots', columns: 31, most: 30 },
  'no-name-column': {},
  'photo-line-unsplit': {},
  'photo-line-cell-count': { cells: 2, expected: 4 },
  'photo-name-wrong': {},
  'photo-time-wrong': {},
  'photo-table-wrong': {},
  'photo-row-wrong': {},
  'photo-too-many-bytes': { mostBytes: 640 },
  'photo-no-jpeg': { format: 'png' },
  'photo-too-large-to-decode': {},
  'photo-two-formats': { other: 'html' },
  'photo-cut-short': {},
  'photo-damaged': {},
  'photo-empty': {},
  'photo-no-picture': {},
  'photo-too-many-pixels': { most: 200 },
  'entity-too-large': {},
  'field-twice': { field: 'Id' },
  'text-between-fields': {},
  'entity-without-id': {},
  'entity-id-wrong': {},
  'is-active-wrong': {},
  'same-id-further-down': {},
  'fields-wrong': {
    problems: [
      { field: 'TempMax', fault: { code: 'not-between', min: 0, max: 600, unit: '°C' } },
      { field: 'Type', fault: { code: 'none-of', choices: ['positive'] } },
    ],
  },
  'prefix-undeclared': { element: 'x:Name' },
  'character-not-in-xml': { line: 3, character: 'U+001D' },
  'bare-ampersand': { line: 4 },
  'reference-to-nothing': { line: 5, reference: '&nope;' },
  'went-back-and-forth': { field: 'TempMax', times: 6 },
  'too-many-changes': {},
  'too-many-deletions': {},
  'xml-malformed': { line: 6, said: 'unclosed tag: DefFridges' },
  'xml-too-deep': { line: 7, most: 64 },
  'xml-no-array': { line: 1, element: 'html' },
  'xml-text-between-entities': { line: 8 },
  'xml-too-many-entities': { line: 9, most: 250 },
  'xml-text-too-long': { line: 10 },
  'xml-doctype': { line: 2 },
  'xml-encoding-unknown': { line: 1, encoding: 'ebcdic' },
  'xml-other-encoding': { line: 11, encoding: 'UTF-8' },
  'statement-too-large': {},
  'statement-no-json': {},
  'statement-wrong': { fields: ['drift'], said: 'drift: Invalid input' },
  'quarantine-full': {},
  'attempts-used-up': { attempts: 5 },
  'nothing-read': { folder: 'Export/' },
  'too-many-rejections': { most: 200 },
  'no-attempt-ended': {},
  'channel-reset': {},
  'replay-of-sync': { sync: '0b8a4a3e', by: 'a@example.org' },
  'replay-of-quarantine': { item: '4711', by: 'a@example.org' },
  'photo-index-rebuilt': { forgotten: 3, found: 2 },
  'offline-not-one': {},
  'offline-newer-version': {},
  'offline-cut-off': {},
  'offline-not-authentic': {},
  'offline-bad-contents': {},
  'offline-unknown-solution': {},
  'offline-other-device': {},
  'offline-wrong-direction': {},
  'upload-not-kept': {},
  'row-not-kept': {},
  'entity-not-kept': {},
  'file-not-in-upload': {},
  'notification-not-given-up': {},
  'work-is-done': {},
  'work-is-under-way': {},
  'nothing-ticked': {},
  'system-refuses-us': {},
  'fields-do-not-fit': {},
  'secrets-without-value': { names: ['${ESPO_KEY}', '${ADVO_KEY}'] },
  'changed-again-and-again': {},
  'link-written-by-another': {},
  'folder-is-missing': {},
  'disputed-parts': {},
  'both-sides-changed': {},
  'several-alike': {},
  'several-from-earlier-run': { count: 2 },
  'name-taken-undecided': {},
  'waits-for-approval': {},
  'deletions-wait': {},
  'folder-not-left': {},
  'folder-not-synchronised': {},
  'target-not-synchronised': { field: 'country_id' },
  'turn-did-not-come': {},
  'entry-too-large': {},
  'run-too-large': {},
  'name-taken': {},
  'name-impossible': { name: 'a:b' },
  'name-to-be-fitted': { fitting: 'a_b' },
  'name-refused': {},
  'path-too-long': {},
  'path-above-limit': { most: 400 },
  'folder-in-itself': {},
  'folder-not-empty': {},
  'folder-is-symbolic-link': {},
  'file-too-large': {},
  'permissions-missing': {},
  'mounted-read-only': {},
  'place-missing': {},
  'folders-unknown': {},
  'left-out-by-pair': {},
  'only-read': {},
  'locked-by': { who: 'Anna' },
  'record-already-there': {},
  'row-left-out-by-trigger': {},
  'value-unfit': { field: 'born', problem: { code: 'no-date', value: '"soon"', form: 'YYYY-MM-DD' } },
  'form-lacks-fields': { form: 'Akte', fields: ['AKTENZEICHEN'] },
  'form-requires-fields': { form: 'Akte', fields: ['AKTENZEICHEN', 'JAHR'] },
  'write-forbidden': { verb: 'PUT', answer: 403 },
  'write-refused': { verb: 'MOVE', answer: 422 },
  'status-returned': { answer: 409 },
  'refused-by-system': { said: 'Das Feld vorname ist zu lang.' },
  'attempt-failed': { said: 'the server returned 500' },
  'policy-unknown': { policy: 'mine' },
  undecided: {},
  'no-mail-server': {},
  'mail-server-unreachable': {},
  'webhook-unreachable': {},
  'webhook-answered': { status: 500 },
  'webhook-redirects': { status: 302 },
};

const isCode = (code: string): code is ReasonCode => Object.hasOwn(englishReasons, code);
const all = Object.entries(examples).flatMap(([code, values]) => {
  const reason = storedReason(code, values);
  return reason === null ? [] : [reason];
});

/** Values that stand in the sentence as people call them; what a library said is in English. */
const reworded = ['said', 'fault', 'other', 'table'];

const told = {
  en: (reason: Reason) => reasonIn('en', reason, 'Tboil'),
  fr: (reason: Reason) => reasonIn('fr', reason, 'Tboil'),
};

describe('a reason', () => {
  test('has a sentence and values that can be kept, whichever it is', () => {
    expect(all.map(({ code }) => code)).toEqual(Object.keys(englishReasons));
    expect(Object.keys(examples).filter((code) => !isCode(code))).toEqual([]);
  });

  test.each(all)('$code has a sentence in both languages, with its values', (reason) => {
    const [said, dit] = [told.en(reason), told.fr(reason)];
    expect(dit).not.toBe(said);
    for (const [name, value] of Object.entries(reason.values)) {
      if (reworded.includes(name) || value === Number.MAX_SAFE_INTEGER) continue;
      for (const one of [value].flat())
        for (const text of [said, dit]) if (typeof one !== 'object') expect(text).toContain(String(one));
    }
  });

  test.each(all)('$code is French as it is printed', (reason) => {
    const dit = told.fr(reason);
    expect(dit).toMatch(/^[\p{Lu}\d].*\.$/u);
    expect(dit).not.toMatch(/ [:;?!»](\s|$)|« |'/);
    expect(dit).not.toContain('undefined');
    expect(told.en(reason)).not.toContain('undefined');
  });

  test.each(all)('$code comes back from the database as it was kept', (reason) => {
    expect(storedReason(reason.code, JSON.parse(JSON.stringify(reason.values)))).toEqual(reason);
  });

  test('of another version of the server has no sentence', () => {
    expect(storedReason(null, null)).toBeNull();
    expect(storedReason('given-next-year', {})).toBeNull();
    expect(storedReason('constructor', {})).toBeNull();
    expect(storedReason('id-stored-otherwise', { row: 12 })).toBeNull();
    expect(storedReason('id-stored-otherwise', null)).toBeNull();
  });

  test('names fields as people call them, with the name under which they were sent', () => {
    const hot: Reason = { code: 'number-expected', values: examples['number-expected'] };
    expect(reasonIn('en', hot, 'Tboil')).toBe(
      'Polar compounds (PolarPercent) is "hot"; expected a number from 0 to 100 %.',
    );
    expect(reasonIn('fr', hot, 'Tboil')).toBe(
      'Composés polaires (PolarPercent)\u00a0: «\u00a0hot\u00a0» n’est pas un nombre entre 0 et 100 %.',
    );
    expect(reasonIn('fr', hot, null)).toContain('PolarPercent\u00a0: «');
    expect(reasonText(hot)).toBe('PolarPercent is "hot"; expected a number from 0 to 100 %.');
    const cold: Reason = {
      code: 'number-expected',
      values: { column: 'Temp', value: '3999', min: -200, max: 600, unit: '°C' },
    };
    expect(reasonIn('fr', cold, 'Tbfridge')).toContain('entre −200 et 600 °C');
  });

  test('names the units and the tables in the language of the reader', () => {
    const wet: Reason = {
      code: 'number-expected',
      values: { column: 'Humidity', value: '101', min: 0, max: 100, unit: '%RH' },
    };
    expect(reasonIn('fr', wet, 'Tbsondes')).toContain('Humidité (Humidity)');
    expect(reasonIn('fr', wet, 'Tbsondes')).toContain('100 % HR');
    expect(told.fr({ code: 'too-many-undeclared', values: examples['too-many-undeclared'] })).toMatch(
      /^Lots/,
    );
  });

  test('quotes no more of a text than a sentence holds, and nothing that a database cannot keep', () => {
    expect(quotable('x'.repeat(5_000_000))).toBe(`${'x'.repeat(100)}…`);
    expect(quotable(`${'x'.repeat(99)}😀`)).toBe(`${'x'.repeat(99)}\ufffd…`);
    expect(quotable('a\0b\ud800')).toBe('a\ufffdb\ufffd');
  });

  test('shows invisible characters, and characters that would reverse the sentence', () => {
    const value = quotable('\u202e3.5\u0007\u200b</b>');
    for (const language of ['en', 'fr'] as const) {
      const text = reasonIn(language, { code: 'boolean-expected', values: { column: 'X', value } }, null);
      expect(text).not.toMatch(/[\p{Cc}\u200b\u202e]/u);
      expect(text).toContain('\\u{202e}3.5');
      expect(text).toContain('</b>');
    }
  });
});

describe('the sentences of the XML reader', () => {
  test.each([
    ['unclosed tag: DefFridges', 'la balise <DefFridges> n’est jamais fermée'],
    ['unmatched closing tag: Name.', 'la balise fermante </Name> ne correspond à aucune balise ouverte'],
    ['unexpected end.', 'le fichier s’arrête trop tôt'],
    ['document must contain a root element.', 'le fichier ne contient aucun élément'],
    ['text data outside of root node.', 'il y a du texte hors de l’élément principal'],
    ['duplicate attribute: a.', 'l’attribut a est donné deux fois'],
    ['XML declaration is incomplete.', 'la déclaration XML est mal écrite'],
    ['something that a later version says', 'le XML n’est pas bien formé à cet endroit'],
  ])('"%s" is shown in French', (said, dit) => {
    expect(told.fr({ code: 'xml-malformed', values: { line: 3, said } })).toBe(`Ligne 3\u00a0: ${dit}.`);
  });
});
