import {
  type AwkwardServer,
  startAwkwardServer,
  type Verdict,
} from '../../client/conformance/awkward-server';
import { trials } from '../../client/conformance/trials';
import { createExchange } from '../../client/http/exchange';
import { copyWith } from '../client/copies';
import { programOf, type RealServer, startRealServer } from '../client/real-server';
import { createSolutionClient, login, textOf } from '../setup/solution-client';
import { zipOf } from '../v4/archive';

let real: RealServer;
beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());
jest.setTimeout(180_000);

const listening = (chosen = trials, patienceSeconds = 60): Promise<AwkwardServer> =>
  startAwkwardServer({
    ...{ host: '127.0.0.1', port: 0, url: real.server.url, trials: chosen, patienceSeconds },
  });

/** Repeats `work` until every trial is decided. */
async function untilDecided(
  awkward: AwkwardServer,
  work: () => Promise<unknown>,
): Promise<readonly Verdict[]> {
  const state = { isDecided: false };
  void awkward.verdicts.then(() => (state.isDecided = true));
  while (!state.isDecided) {
    await work().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await awkward.close();
  return awkward.verdicts;
}

test('our own solution survives every awkward response', async () => {
  const awkward = await listening();
  const { exchange, close } = createExchange(awkward.url);
  const solution = programOf(real, await real.enrol(), await copyWith(), { exchange });
  const verdicts = await untilDecided(awkward, () => solution.sync('synchro'));
  close();
  expect(verdicts.map(({ trial, fault }) => [trial.id, fault])).toEqual(trials.map(({ id }) => [id, null]));
});

test('a solution that ignores Retry-After, and confirms what it did not read, is caught', async () => {
  const ids = ['unavailable', 'package-truncated', 'package-damaged'];
  const awkward = await listening(trials.filter(({ id }) => ids.includes(id)));
  const { mail, secret } = await real.enrol();
  const signedIn = await login(real.server.url, { mail, secret, mac: '00:1a:2b:3c:4d:5e' });
  const careless = createSolutionClient(awkward.url, textOf(signedIn.json));
  const verdicts = await untilDecided(awkward, async () => {
    if ((await careless.postBare(zipOf())).status === 503) await careless.postBare(zipOf());
    await careless.statut('?wait=20&not=1');
    await careless.download().catch(() => undefined);
    await careless.confirm();
  });
  expect(verdicts.map(({ trial, fault }) => [trial.id, fault])).toEqual([
    ['unavailable', expect.stringMatching(/^It came back after/)],
    ['package-truncated', 'It confirmed a package that it had not received whole.'],
    ['package-damaged', 'It confirmed a package that it had not received whole.'],
  ]);
});

test('a solution that does not come back is not waited for', async () => {
  const awkward = await listening(
    trials.filter(({ id }) => id === 'server-error'),
    1,
  );
  const { mail, secret } = await real.enrol();
  const signedIn = await login(real.server.url, { mail, secret, mac: '00:1a:2b:3c:4d:5e' });
  const verdicts = await untilDecided(awkward, () =>
    createSolutionClient(awkward.url, textOf(signedIn.json)).statut(),
  );
  expect(verdicts.map(({ fault }) => fault)).toEqual(['It did not come to the end of a sync within 1 s.']);
});
