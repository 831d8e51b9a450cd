import { cutText } from '../../shared/domain/kept-text';
import { startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen, newQuarantined, newSync } from './fixtures';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

test.each([
  ['is corrected where all of it is there', 'Temp\n3,5\n', true],
  ['is shown, and not corrected, where only its beginning is', cutText('Temp\n3,5\n'), false],
])('the text of a refused file %s', async (_what, raw, isCorrected) => {
  const { solution } = await newKitchen(backoffice);
  const refused = { kind: 'file', file: 'csv/Tbfridge.csv', code: 'no-id-column', raw } as const;
  const item = await newQuarantined(backoffice, solution, await newSync(backoffice, solution), refused);
  const { text } = await backoffice.call('GET', `/quarantine/${item}`, {
    headers: { accept: 'text/html', cookie: `epack_session=${backoffice.admin.token}` },
  });
  expect(text).toContain('3,5');
  expect(text).toContain(`action="/quarantine/${item}/replay`);
  expect(text.includes('<textarea')).toBe(isCorrected);
});
