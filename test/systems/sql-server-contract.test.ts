import { createTestAuthority } from '../setup/certificates';
import { describeSystem } from './contract';
import { sqlServerFakes } from './sql-server';
import { realSqlServer, realStage } from './sql-server-real';

const fakes = sqlServerFakes();
afterEach(() => fakes.close());

const authority = createTestAuthority();
afterAll(() => authority.remove());

describeSystem('SQL Server with Change Tracking', () => fakes.stage());

describeSystem('SQL Server with a rowversion, over TLS', () =>
  fakes.stage({ config: { changes: 'rowversion' }, tls: authority.issue() }),
);

describeSystem('SQL Server without a revision and without a sync key', () =>
  fakes.stage({ end: { revision: undefined, syncKey: undefined } }),
);

const real = realSqlServer(process.env);
if (real !== null) {
  describeSystem('a real SQL Server with Change Tracking', () => realStage(real, {}));
  describeSystem('a real SQL Server with a rowversion', () => realStage(real, { changes: 'rowversion' }));
}
