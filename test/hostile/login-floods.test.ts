import { call, login } from '../setup/solution-client';
import { enrol, onServer } from '../v4/on-server';

const server = onServer();

test('of fifty wrong logins at once ten are checked, and the others refused', async () => {
  const solution = await enrol(server());
  const wrong = { ...solution, secret: 'wrong' };
  const answers = await Promise.all(Array.from({ length: 50 }, () => login(server().url, wrong)));
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
});

test('a client that has not signed in cannot make the server read megabytes', async () => {
  const answer = await call(`${server().url}/v4/synchro/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ mail_solution: 'x'.repeat(100_000), MAC: 'x' }),
  });
  expect(answer).toMatchObject({ status: 413, json: { code: 'too-large' } });
});
