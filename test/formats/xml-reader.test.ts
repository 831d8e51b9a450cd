import { Readable } from 'node:stream';
import { AppError } from '../../shared/errors/app-error';
import type { EntityProblem, ReadEntity } from '../../shared/formats/xml-entity';
import { defaultXmlLimits, isMarkupOf, readEntities, type XmlLimits } from '../../shared/formats/xml-reader';

const sample = `<?xml version="1.0" encoding="utf-8"?>
<ArrayOfDefFridges xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <DefFridges>
    <Id>1532500000123</Id><idServer>41</idServer><Ts>2026-11-20 07:31:00</Ts><IsActive>true</IsActive>
    <Name>Chambre froide 1</Name><TempMin>0</TempMin><TempMax>4</TempMax>
  </DefFridges>
</ArrayOfDefFridges>`;

describe('the reader of parameter files', () => {
  test('reads what .NET writes', async () => {
    expect(await read(sample)).toEqual([
      {
        kind: 'entity',
        id: '1532500000123',
        idServer: '41',
        ts: '2026-11-20 07:31:00',
        isActive: true,
        fields: { Name: 'Chambre froide 1', TempMin: '0', TempMax: '4' },
        line: 3,
        raw: sample.slice(sample.indexOf('<DefFridges>'), sample.indexOf('</ArrayOf')).trim(),
      },
    ]);
  });

  test('reads the same however the bytes are cut', async () => {
    const bytes = Buffer.from(sample.replaceAll('\n', '\r\n').replace('froide', 'réfrigérée &amp; 😀'));
    const whole = await readBytes([bytes]);
    for (const size of [1, 2, 3, 7, 64]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(await readBytes(pieces)).toEqual(whole);
    }
    expect(whole).toMatchObject([{ fields: { Name: 'Chambre réfrigérée & 😀 1' } }]);
  });

  test('reads an empty list', async () => {
    expect(await read('<ArrayOfDefFridges />')).toEqual([]);
    expect(await read('<?xml version="1.0"?>\n<ArrayOfX></ArrayOfX>\n')).toEqual([]);
  });

  test('tells an empty text from none, and keeps blanks, CDATA and references', async () => {
    const [entity] = await read(
      list(
        '<Id> 7 </Id><A/><B xsi:nil="true"/><C> x </C><D><![CDATA[<&>]]>!</D><E>&lt;&#233;&#xD;&gt;</E><F>a<!-- b -->c</F>',
      ),
    );
    expect(entity).toMatchObject({
      id: '7',
      idServer: null,
      ts: null,
      isActive: true,
      fields: { A: '', B: null, C: ' x ', D: '<&>!', E: '<é\r>', F: 'ac' },
    });
  });

  test('keeps nested markup, attributes and repeated fields as they were sent', async () => {
    const steps = '<Steps unit="s">\r\n <Step>1 &amp; 2</Step><Step/></Steps>';
    const [entity] = await read(
      list(`<Id>1</Id>${steps}<Tag>a</Tag><Other>x</Other><Tag lang="fr">b</Tag><Tag/>`),
    );
    expect(entity).toMatchObject({
      fields: { Steps: { xml: steps }, Other: 'x', Tag: { xml: '<Tag>a</Tag><Tag lang="fr">b</Tag><Tag/>' } },
    });
  });

  test('finds where an element begins, whatever stands before it', async () => {
    const before = '<!-- <X> --><?pi <X> ?>\r\n <!--<a/>-->';
    const steps = '<Steps\r\n a="<>"><![CDATA[<Steps>]]></Steps\r\n>'.replace('<>', '&lt;>');
    const raw = `<X>${before}<Id>1</Id>${before}${steps}<A><![CDATA[<]]></A>${steps}</X>`;
    const text = `${before}<ArrayOfX>${before}${raw}${before}</ArrayOfX>`;
    const whole = await read(text);
    expect(whole).toMatchObject([{ fields: { A: '<', Steps: { xml: steps + steps } }, raw }]);
    for (const size of [1, 2, 5]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(await readBytes(pieces.map((piece) => Buffer.from(piece)))).toEqual(whole);
    }
  });

  test('treats names with a meaning in JavaScript like any other field', async () => {
    const [entity] = await read(list('<Id>1</Id><__proto__><a/></__proto__><constructor>c</constructor>'));
    expect(Object.entries(entity?.kind === 'entity' ? entity.fields : {})).toEqual([
      ['__proto__', { xml: '<__proto__><a/></__proto__>' }],
      ['constructor', 'c'],
    ]);
  });

  test.each([
    ['UTF-8 without a mark', '', 'utf8', []],
    ['UTF-8 with a mark', 'utf-8', 'utf8', [0xef, 0xbb, 0xbf]],
    ['UTF-8 that .NET declares as UTF-16', 'utf-16', 'utf8', []],
    ['UTF-16 little-endian with a mark', 'utf-16', 'utf16le', [0xff, 0xfe]],
    ['UTF-16 little-endian without a mark', 'utf-16', 'utf16le', []],
    ['UTF-16 big-endian with a mark', 'utf-16', 'utf16be', [0xfe, 0xff]],
    ['UTF-16 big-endian without a mark', 'utf-16', 'utf16be', []],
    ['windows-1252', 'windows-1252', 'windows-1252', []],
    ['ISO-8859-1', 'ISO-8859-1', 'windows-1252', []],
  ])('reads %s', async (_, declared, written, mark) => {
    const declaration =
      declared === '' ? '<?xml version="1.0"?>' : `<?xml version="1.0" encoding="${declared}"?>`;
    const text = `${declaration}${list('<Id>1</Id><Name>Bœuf à 4,50 €, « décongelé »</Name>')}`;
    const entities = await readBytes([Buffer.from(mark), encoded(text, written)]);
    expect(entities).toMatchObject([{ fields: { Name: 'Bœuf à 4,50 €, « décongelé »' } }]);
  });

  test.each([
    ['nothing', ''],
    ['text only', 'hello'],
    ['a truncated file', sample.slice(0, 300)],
    ['a tag that is not closed', list('<Id>1</Id><Name>x')],
    ['tags that cross', list('<Id>1</Id><a><b></a></b>')],
    ['a character that XML cannot hold between entities', '<ArrayOfX>\v<X><Id>1</Id></X></ArrayOfX>'],
    ['a character that XML cannot hold in a name', list('<Id>1</Id><Na\vme/>')],
    ['as many such characters as nobody mends', list(`<Id>1</Id><Name>${'\v'.repeat(10_001)}</Name>`)],
    ['two documents', '<ArrayOfX/><ArrayOfX/>'],
    ['another root', '<html><body/></html>'],
    ['text between entities', '<ArrayOfX>hello<X><Id>1</Id></X></ArrayOfX>'],
    ['a DOCTYPE', '<!DOCTYPE ArrayOfX SYSTEM "http://127.0.0.1/x"><ArrayOfX/>'],
    [
      'a DOCTYPE that declares entities',
      '<!DOCTYPE ArrayOfX [<!ENTITY a "b">]><ArrayOfX><X><Id>&a;</Id></X></ArrayOfX>',
    ],
    ['an encoding that is not read here', '<?xml version="1.0" encoding="ebcdic-fr"?><ArrayOfX/>'],
  ])('refuses %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'malformed-xml' });
  });

  test('refuses bytes that are not of their encoding', async () => {
    const broken = Buffer.concat([
      Buffer.from('<ArrayOfX><X><Id>1</Id><N>'),
      Buffer.from([0xe9]),
      Buffer.from('</N></X></ArrayOfX>'),
    ]);
    await expect(readBytes([broken])).rejects.toMatchObject({ code: 'malformed-xml' });
  });

  test.each([
    ['UTF-8', 'utf8', [0xe9]],
    ['UTF-8, far down', 'utf8', [0xc3]],
    ['UTF-16', 'utf16le', [0x00, 0xdc]],
  ] as const)('names the line of bytes that are not %s', async (name, encoding, fault) => {
    const lines = name.endsWith('down') ? 5_000 : 20;
    const before = `<ArrayOfX>${'\r\n<X><Id>é</Id></X>'.repeat(lines)}`;
    const mark = Buffer.from(encoding === 'utf8' ? [] : [0xff, 0xfe]);
    const bytes = Buffer.concat([
      mark,
      Buffer.from(before, encoding),
      Buffer.from(fault),
      Buffer.from('\n</ArrayOfX>\n', encoding),
    ]);
    const pieces = [bytes.subarray(0, 700), bytes.subarray(700)];
    await expect(readBytes(pieces)).rejects.toMatchObject({
      code: 'malformed-xml',
      members: { line: lines + 1 },
    });
  });

  test('names the line where it stopped', async () => {
    const error: unknown = await read(`${list('<Id>1</Id>').replace('</ArrayOfX>', '')}\n\n</Other>`).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ members: { line: 3 } });
  });

  test('reports an invalid entity, and accepts those around it', async () => {
    const entities = await read(
      `<ArrayOfX>
        <X><Id>1</Id></X>
        <X><Name>nobody</Name></X>
        <X><Id>a b</Id></X>
        <X><Id>${'9'.repeat(65)}</Id></X>
        <X><Id>2</Id><Id>3</Id></X>
        <X><Id>4</Id><IsActive>perhaps</IsActive></X>
        <X><Id>5</Id>loose</X>
        <X><Id>6</Id></X>
      </ArrayOfX>`,
    );
    expect(entities.map((entity) => (entity.kind === 'entity' ? entity.id : entity.code))).toEqual([
      '1',
      'missing-id',
      'bad-id',
      'bad-id',
      'bad-entity',
      'bad-value',
      'bad-entity',
      '6',
    ]);
    expect(entities[1]).toMatchObject({ id: null, line: 3, raw: '<X><Name>nobody</Name></X>' });
    expect(entities[2]).toMatchObject({ id: 'a b' });
  });

  test.each([
    ['a reference to a control character', '&#x1D;', 'Line 4: &#x1D; stands for nothing.'],
    ['a reference to NUL', '&#0;', 'Line 4: &#0; stands for nothing.'],
    ['a control character', '\v', 'Line 4: the character U+000B cannot be in XML.'],
    ['NUL', '\0', 'Line 4: the character U+0000 cannot be in XML.'],
    ['a name that stands for nothing', '&eacute;', 'Line 4: &eacute; stands for nothing.'],
    ['half of a character', '&#xD83D;', 'Line 4: &#xD83D; stands for nothing.'],
    ['two halves in the wrong order', '&#xDE00;&#xD83D;', 'Line 4: &#xDE00; stands for nothing.'],
    ['an ampersand', 'Fish & Chips', 'Line 4: "&" without a name behind it; it is written "&amp;".'],
    ['an ampersand at the end', 'Fish &', 'Line 4: "&" without a name behind it; it is written "&amp;".'],
    ['an empty name', 'a&;b', 'Line 4: "&" without a name behind it; it is written "&amp;".'],
  ])('refuses an entity alone for %s, however the bytes are cut', async (_, fault, reason) => {
    const raw = `<X><Id>2</Id>\r\n<Name>A${fault}B</Name></X>`;
    const text = `<ArrayOfX>\n<X><Id>1</Id><N>&amp;</N></X>\n${raw}<X><Id>3</Id><N>a;b</N></X></ArrayOfX>`;
    for (const size of [1, 2, 3, 5, 1000]) {
      const bytes = Buffer.from(text);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (__, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(await readBytes(pieces)).toMatchObject([
        { kind: 'entity', id: '1', fields: { N: '&' } },
        { kind: 'problem', id: '2', line: 3, code: 'bad-entity', reason, raw },
        { kind: 'entity', id: '3', fields: { N: 'a;b' } },
      ]);
    }
  });

  test('keeps an ampersand where it is allowed', async () => {
    const fields = '<A><![CDATA[a & b &#0; c]]></A><!-- x & y --><?pi & ?><B>x &amp; y</B>';
    const text = list(`<Id>1</Id>${fields}`);
    for (const size of [1, 4, 1000]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(await readBytes(pieces.map((piece) => Buffer.from(piece)))).toMatchObject([
        { fields: { A: 'a & b &#0; c', B: 'x & y' } },
      ]);
    }
  });

  test('reads two references to the halves of a character as the character', async () => {
    const [entity] = await read(
      list(
        '<Id>1</Id><A>x &#xD83D;&#xDE00; &lt;</A><B>&#55357;&#56832;</B><C><D e="&#xD83D;&#xDE00;">&#xd83d;&#xde00;</D></C>' +
          '<F><![CDATA[&#xD83D;&#xDE00;]]>&#xD83D;&#xDE00;</F>',
      ),
    );
    expect(entity).toMatchObject({
      kind: 'entity',
      fields: { A: 'x 😀 <', B: '😀', C: { xml: '<C><D e="😀">😀</D></C>' }, F: '&#xD83D;&#xDE00;😀' },
    });
  });

  test('knows the fields that every class has in any case', async () => {
    const text = list(
      '<ID>7</ID><ISACTIVE>false</ISACTIVE><ts>2026-11-20 07:31:00</ts><IDSERVER>4</IDSERVER>',
    );
    expect(await read(text)).toMatchObject([
      { id: '7', isActive: false, ts: '2026-11-20 07:31:00', idServer: '4', fields: {} },
    ]);
    expect(await read(list('<Id>7</Id><IsActive>true</IsActive><isactive>false</isactive>'))).toMatchObject([
      { code: 'bad-entity', id: '7' },
    ]);
  });

  test.each([
    '0001-01-01T00:00:00',
    '0001-01-01',
    '01/01/0001 00:00:00',
    '0001-01-01T00:00:00.0000000+01:00',
  ])('treats a Ts of %s as absent', async (ts) => {
    expect(await read(list(`<Id>1</Id><Ts>${ts}</Ts>`))).toMatchObject([{ kind: 'entity', ts: null }]);
  });

  describe('namespace prefixes that are declared outside of a field', () => {
    const contract = 'http://schemas.datacontract.org/2004/07/E.Pack';
    const arrays = 'http://schemas.microsoft.com/2003/10/Serialization/Arrays';
    const whole = (entity: string) =>
      `<ArrayOfX xmlns="${contract}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="${arrays}">${entity}</ArrayOfX>`;

    test('are declared in what is kept of it', async () => {
      const [entity] = await read(
        whole(
          '<X xmlns:b="urn:&amp;&quot;b"><Id>1</Id><Steps><a:string>1</a:string></Steps><b:Note b:kind="n">x</b:Note>' +
            '<Any i:type="a:int">5</Any><None i:nil="true"/><Own xmlns:a="urn:own"><a:q/></Own><Plain><q/></Plain></X>',
        ),
      );
      expect(entity).toMatchObject({
        fields: {
          Steps: { xml: `<Steps xmlns:a="${arrays}"><a:string>1</a:string></Steps>` },
          'b:Note': { xml: '<b:Note xmlns:b="urn:&amp;&quot;b" b:kind="n">x</b:Note>' },
          Any: {
            xml: `<Any xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="${arrays}" i:type="a:int">5</Any>`,
          },
          None: null,
          Own: { xml: '<Own xmlns:a="urn:own"><a:q/></Own>' },
          Plain: { xml: '<Plain><q/></Plain>' },
        },
      });
    });

    test('are declared in an entity that is kept on its own', async () => {
      const [entity] = await read(whole('<X><Steps><a:string/></Steps></X>'));
      expect(entity).toMatchObject({
        code: 'missing-id',
        raw: `<X xmlns:a="${arrays}"><Steps><a:string/></Steps></X>`,
      });
    });

    test('are the same whether the device repeats the declaration or not', async () => {
      const steps = `<Steps xmlns:a="${arrays}"><a:string>1</a:string></Steps>`;
      const [once] = await read(whole(`<X><Id>1</Id>${steps}</X>`));
      expect(once).toMatchObject({ fields: { Steps: { xml: steps } } });
    });

    test('refuse the entity if they are not declared', async () => {
      const text = list('<Id>1</Id><Steps><d:Step/></Steps>').replace('</X>', '</X><X><Id>2</Id></X>');
      expect(await read(text)).toMatchObject([
        { code: 'bad-entity', id: '1' },
        { kind: 'entity', id: '2' },
      ]);
    });
  });

  test('reports an entity that is too large and goes on', async () => {
    const limits: XmlLimits = { ...defaultXmlLimits, maxEntityLength: 100, maxTextLength: 50, maxFields: 3 };
    const entities = await read(
      `<ArrayOfX><X><Id>1</Id></X><X><Id>2</Id><N>${'n'.repeat(51)}</N></X><X><Id>3</Id><A/><B/><C/><D/></X>` +
        `<X><Id>4</Id><N>${'<a/>'.repeat(30)}</N></X><X><Id>5</Id></X></ArrayOfX>`,
      limits,
    );
    expect(entities.map(({ kind, id }) => [kind, id])).toEqual([
      ['entity', '1'],
      ['problem', '2'],
      ['problem', '3'],
      ['problem', '4'],
      ['entity', '5'],
    ]);
  });

  test('keeps no more than the beginning of an entity of any size', async () => {
    const limits: XmlLimits = { ...defaultXmlLimits, maxEntityLength: 10_000 };
    const pieces = [
      '<ArrayOfX><X><Id>1</Id><N>',
      ...Array<string>(500).fill('<a>b</a>'.repeat(100)),
      '</N></X><X><Id>2</Id></X></ArrayOfX>',
    ];
    const entities = await readBytes(
      pieces.map((piece) => Buffer.from(piece)),
      limits,
    );
    expect(entities).toMatchObject([
      { code: 'too-large', id: '1' },
      { kind: 'entity', id: '2' },
    ]);
    expect(entities[0]?.raw.length).toBeLessThan(3_000);
  });

  test.each([
    ['deep nesting', list(`<Id>1</Id>${'<a>'.repeat(100)}${'</a>'.repeat(100)}`)],
    ['too many entities', `<ArrayOfX>${'<X><Id>1</Id></X>'.repeat(11)}</ArrayOfX>`],
    ['a text without an end', list(`<Id>1</Id><N>${'x'.repeat(100_000)}</N>`)],
    ['an attribute without an end', list(`<Id>1</Id><N a="${'x'.repeat(100_000)}"/>`)],
    ['a comment without an end', list(`<!--${'x'.repeat(100_000)}-->`)],
  ])('refuses %s', async (_, text) => {
    const limits = { ...defaultXmlLimits, maxEntityLength: 10_000, maxEntities: 10 };
    const pieces = text.match(/.{1,5000}/gs) ?? [];
    await expect(
      readBytes(
        pieces.map((piece) => Buffer.from(piece)),
        limits,
      ),
    ).rejects.toMatchObject({
      code: 'malformed-xml',
    });
  });
});

describe('markup from the backoffice', () => {
  test('is one or more well-formed elements of the field', () => {
    expect(isMarkupOf('Tag', '<Tag>a</Tag><Tag b="c"/>')).toBe(true);
    expect(isMarkupOf('Tag', '<Tag>a</Tag><Other/>')).toBe(false);
    expect(isMarkupOf('Tag', '<Tag>a</Tag> text')).toBe(false);
    expect(isMarkupOf('Tag', '<Tag>a')).toBe(false);
    expect(isMarkupOf('Tag', '</markup><markup>')).toBe(false);
    expect(isMarkupOf('Tag', '')).toBe(false);
    expect(isMarkupOf('Tag', '<Tag><a:b/></Tag>')).toBe(false);
    expect(isMarkupOf('Tag', '<Tag xmlns:a="urn:a" xsi:nil="true"><a:b/></Tag>')).toBe(true);
  });
});

function list(fields: string): string {
  return `<ArrayOfX xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><X>${fields}</X></ArrayOfX>`;
}

function read(text: string, limits?: XmlLimits): Promise<(ReadEntity | EntityProblem)[]> {
  return readBytes([Buffer.from(text)], limits);
}

async function readBytes(pieces: Buffer[], limits?: XmlLimits): Promise<(ReadEntity | EntityProblem)[]> {
  const entities: (ReadEntity | EntityProblem)[] = [];
  for await (const entity of readEntities(Readable.from(pieces), limits)) entities.push(entity);
  return entities;
}

function encoded(text: string, encoding: string): Buffer {
  if (encoding === 'utf16be') return Buffer.from(text, 'utf16le').swap16();
  if (encoding !== 'windows-1252') return Buffer.from(text, encoding === 'utf8' ? 'utf8' : 'utf16le');
  return Buffer.from(text.replace('œ', '\x9c').replace('€', '\x80'), 'latin1');
}
