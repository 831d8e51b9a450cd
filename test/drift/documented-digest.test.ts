import { Readable } from 'node:stream';
import { findParameterClass } from '../../shared/catalog/parameter-classes';
import { canonicalText, type Copy } from '../../shared/domain/merge-copy';
import { classDigest } from '../../shared/formats/class-digest';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { fencesOf, pageOf } from '../docs/markdown';

const example = (info: string): string =>
  fencesOf(pageOf('docs/protocol.md')).find((fence) => fence.info === info)?.content ?? '';

describe('docs/protocol.md', () => {
  test('gives the digest of its example, step by step', async () => {
    const fridges = findParameterClass('Fridges');
    if (fridges === undefined) throw new Error('no Fridges');
    const steps: string[] = [];
    const digests = new Map<string, Buffer>();
    for await (const entity of readEntities(Readable.from([Buffer.from(example('xml drift'))]))) {
      if (entity.kind === 'problem' || !entity.isActive) continue;
      const copy: Copy = { isActive: true, fields: decodeFields(fridges, entity.fields).fields };
      const digest = copyDigest(copy);
      digests.set(entity.id, digest);
      steps.push(
        `Id     ${entity.id}`,
        `text   ${canonicalText(copy)}`,
        `copy   ${digest.toString('hex')}`,
        `entity ${classDigest(new Map([[entity.id, digest]])).digest}`,
        '',
      );
    }
    expect([...steps, `class  ${classDigest(digests).digest}`, ''].join('\n')).toBe(example('text drift'));
  });
});
