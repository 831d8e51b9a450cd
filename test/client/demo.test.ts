import { runDemo } from '../../client/demo';
import { createTestFolder } from '../setup/folder';
import { type RealServer, startRealServer } from './real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

test('the demonstration tells its story, and can be told again on the same server', async () => {
  const { admin, url } = real.server;
  const { path: dir } = createTestFolder();
  for (let time = 1; time <= 2; time++) {
    const lines: string[] = [];
    await runDemo({
      ...{ url, adminEmail: admin.email, adminPassword: admin.password, dir },
      print: (line) => lines.push(line),
    });
    const story = lines.join('\n');
    for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'])
      expect(story).toContain(`\n   ${channel}\n`);
    expect(story).toContain('at most 4 °C → 3 °C');
    expect(story).toContain('xml/Fridges-u.xml: 1 instruction, carried out');
    expect(story).toContain('<TempMax>4</TempMax> is now <TempMax>3</TempMax>');
    expect(story).not.toContain('refused');
  }
});
