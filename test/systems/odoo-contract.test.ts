import { describeSystem } from './contract';
import { odooFakes } from './odoo';
import { prepareReal, realOdoo, realStage } from './odoo-real';

const fakes = odooFakes();
afterEach(() => fakes.close());

describeSystem('Odoo 19 by JSON-2', () => fakes.stage(19, { api: 'json-2' }));

describeSystem('Odoo 14 by JSON-RPC', () => fakes.stage(14, { api: 'json-rpc' }));

describeSystem('Odoo 18 by JSON-RPC, with deletions that archive', () =>
  fakes.stage(18, { api: 'json-rpc', end: { deletion: 'archive' } }),
);

const real = realOdoo(process.env);
if (real !== null) {
  beforeAll(() => prepareReal(real));
  describeSystem(`a real Odoo by ${real.api}`, () => realStage(real));
}
