import { describeSystem } from './contract';
import { espoFakes } from './espocrm';
import { prepareReal, realEspo, realStage } from './espocrm-real';

const fakes = espoFakes();
afterEach(() => fakes.close());

describeSystem('EspoCRM with optimistic concurrency control', () => fakes.stage());

describeSystem('EspoCRM without it, and without a field for the sync key', () =>
  fakes.stage({ end: { optimistic: false, syncKeyField: undefined } }),
);

describeSystem('EspoCRM with signed calls', () => fakes.stage({ server: { isSigned: true } }));

const real = realEspo(process.env);
if (real !== null) {
  beforeAll(() => prepareReal(real));
  describeSystem('a real EspoCRM', () => realStage(real));
  test('a real EspoCRM that was prepared needs no further preparation', async () => {
    expect(await prepareReal(real)).toEqual([]);
  });
}
