import { createSolutionService } from '../../api/backoffice/services/solutions';
import { composeApi } from '../../api/compose';
import { commandLineCaller } from '../../shared/domain/staff';
import { createLogger } from '../../shared/log';
import type { SolutionChanges } from '../../shared/stores/solutions/solution-admin-store';
import { eventually } from '../queue/eventually';
import { call, createSolutionClient, login, textOf } from '../setup/solution-client';
import { openStoreAccess } from '../../shared/stores/store-access';
import { claimsOf, headerOf } from './jwt';
import { enrol, type Enrolled, expectProblem, onServer, tokenOf } from './on-server';

// Behind a proxy, so that each test can come from an address of its own.
const server = onServer({ EPACK_TRUST_PROXY: '1' });

let addresses = 0;
const newAddress = () => {
  addresses += 1;
  return `192.0.2.${addresses}`;
};
const attempt = (credentials: Parameters<typeof login>[1], address = newAddress(), channel = 'synchro') =>
  login(server().url, credentials, { channel, headers: { 'X-Forwarded-For': address } });
const change = (solution: Enrolled, changes: SolutionChanges) =>
  createSolutionService(openStoreAccess(server().db)).update(commandLineCaller, solution.id, changes);
const send = (body: string, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
  call(`${server().url}/v4/synchro/login`, { method: 'POST', headers, body });

describe('POST /v4/{channel}/login', () => {
  test('returns 200 and a JSON string: a JWT, HS256, with the claims aud = solution id, iat, nbf, exp, jti', async () => {
    const solution = await enrol(server());
    const answer = await attempt(solution);
    expect(answer.status).toBe(200);
    const token = textOf(answer.json);
    expect(answer.text).toBe(JSON.stringify(token));
    expect(headerOf(token)).toMatchObject({ alg: 'HS256' });
    const { aud, iat, nbf, exp, jti } = claimsOf(token);
    expect(aud).toBe(String(solution.id));
    expect([iat, nbf, exp].every(Number.isInteger)).toBe(true);
    expect(Number(exp) - Number(iat)).toBe(720 * 60);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the token of one channel serves all four', async () => {
    const token = await tokenOf(server(), await enrol(server()));
    for (const channel of ['synchro', 'sondes', 'messagerie', 'photos']) {
      expect((await createSolutionClient(server().url, token, channel).statut()).status).toBe(200);
    }
  });

  test('every channel accepts logins, and no other name does', async () => {
    const solution = await enrol(server());
    for (const channel of ['synchro', 'sondes', 'messagerie', 'photos']) {
      expect((await attempt(solution, newAddress(), channel)).status).toBe(200);
    }
    expectProblem(await attempt(solution, newAddress(), 'Synchro'), 404, 'unknown-channel');
  });

  test('the mail compares without case', async () => {
    const solution = await enrol(server());
    expect((await attempt({ ...solution, mail: solution.mail.toUpperCase() })).status).toBe(200);
  });

  test.each([
    ['no body', ''],
    ['no JSON', '{"mail_solution": '],
    ['a list', '[]'],
    ['null', 'null'],
    ['no mail', '{"MAC":"00:1a","secret":"x"}'],
    ['no MAC', '{"mail_solution":"a@example.org","secret":"x"}'],
    ['a NUL in the mail', '{"mail_solution":"a\\u0000b","MAC":"00:1a"}'],
    ['half a character', '{"mail_solution":"\\ud800","MAC":"00:1a"}'],
    ['a number for a mail', '{"mail_solution":7,"MAC":"00:1a"}'],
    ['a mail without end', JSON.stringify({ mail_solution: 'x'.repeat(400), MAC: '00:1a' })],
  ])('a body that cannot be read is a bad request: %s', async (_what, body) => {
    expectProblem(await send(body), 400, 'bad-request');
  });

  test('the body is read as JSON, whatever type it says it has', async () => {
    const { mail, mac, secret } = await enrol(server());
    const body = JSON.stringify({ mail_solution: mail, MAC: mac, secret });
    expect((await send(body, { 'Content-Type': 'text/plain' })).status).toBe(200);
    expect((await send(body, {})).status).toBe(200);
  });
});

describe('wrong credentials', () => {
  test('a wrong secret: 400 bad-credentials, with the extra member error', async () => {
    const answer = await attempt({ ...(await enrol(server())), secret: 'wrong' });
    expectProblem(answer, 400, 'bad-credentials');
    expect(answer.json['error']).toBe('Incorrect credentials');
  });

  test('an unknown mail and a wrong secret cannot be told apart', async () => {
    const wrong = await attempt({ ...(await enrol(server())), secret: 'wrong' });
    const unknown = await attempt({ mail: 'nobody@example.org', mac: '00:1a', secret: 'wrong' });
    expect(unknown.text).toBe(wrong.text);
    expect(unknown.status).toBe(wrong.status);
    const shape = ({ headers }: typeof wrong) => Object.keys(headers).sort();
    expect(shape(unknown)).toEqual(shape(wrong));
  });

  test('the policy `secret`, which is the default, requires one', async () => {
    expectProblem(await attempt({ ...(await enrol(server())), secret: null }), 400, 'bad-credentials');
  });

  test('the policy `mac` is for older solutions, which send none', async () => {
    const solution = await enrol(server(), { loginPolicy: 'mac' });
    expect((await attempt({ ...solution, secret: null })).status).toBe(200);
    expect((await attempt(solution)).status).toBe(200);
  });

  test('under the policy `mac` another MAC gets the error of wrong credentials, is counted, and locks nothing', async () => {
    const solution = await enrol(server(), { loginPolicy: 'mac' });
    const unbound = { ...solution, secret: null };
    expect((await attempt(unbound)).status).toBe(200);
    const wrong = await attempt({ ...unbound, mac: 'ff:ff:ff:ff:ff:ff' });
    expectProblem(wrong, 400, 'bad-credentials');
    const unknown = await attempt({ mail: 'nobody-here@example.org', mac: '00:1a', secret: 'wrong' });
    expect(wrong.text).toBe(unknown.text);
    expectProblem(await attempt({ ...unbound, mac: 'ignore' }), 400, 'bad-credentials');
    expect((await attempt(unbound)).status).toBe(200);
    const row = await server()
      .db<{ id: number; refused_mac: string; locked_at: Date | null }>('solution')
      .where({ id: solution.id })
      .first('refused_mac', 'locked_at');
    expect(row).toEqual({ refused_mac: 'ignore', locked_at: null });
  });

  test('a MAC is not guessed: from one address ten times, and not from everywhere either', async () => {
    const solution = { ...(await enrol(server(), { loginPolicy: 'mac' })), secret: null };
    const home = newAddress();
    expect((await attempt(solution, home)).status).toBe(200);
    const guesser = newAddress();
    for (let guess = 0; guess < 10; guess += 1) await attempt({ ...solution, mac: `aa:${guess}` }, guesser);
    expectProblem(await attempt(solution, guesser), 429, 'too-many-requests');
    expectProblem(await attempt({ ...solution, mac: 'bb:bb' }), 429, 'too-many-requests');
    expect((await attempt(solution, home)).status).toBe(200);
    const many = Array.from({ length: 100 }, () => ({ subject: `device:${solution.mail.toLowerCase()}` }));
    await server().db('failed_login').insert(many);
    expectProblem(await attempt(solution, home), 429, 'too-many-requests');
  });

  test('the old secret works until the new one is first used', async () => {
    const solution = await enrol(server());
    const { secret } = await createSolutionService(openStoreAccess(server().db)).replaceSecret(
      commandLineCaller,
      solution.id,
    );
    expect((await attempt(solution)).status).toBe(200);
    expect((await attempt({ ...solution, secret })).status).toBe(200);
    expectProblem(await attempt(solution), 400, 'bad-credentials');
  });
});

describe('the MAC', () => {
  test('the first login binds it, and its spelling may differ later', async () => {
    const solution = await enrol(server());
    expect((await attempt({ ...solution, mac: '00-1A-2B-3C-4D-5E' })).status).toBe(200);
    expect((await attempt({ ...solution, mac: '00:1a:2b:3c:4d:5e' })).status).toBe(200);
  });

  test('another MAC later locks the solution: 401 locked, until the backoffice unlocks it', async () => {
    const solution = await enrol(server());
    await attempt(solution);
    const locked = await attempt({ ...solution, mac: 'ff:ff:ff:ff:ff:ff' });
    expectProblem(locked, 401, 'locked');
    expect(locked.headers['www-authenticate']).toBe('Bearer');
    expectProblem(await attempt(solution), 401, 'locked');
    await change(solution, { isLocked: false });
    expect((await attempt(solution)).status).toBe(200);
  });

  test('another MAC with a wrong secret locks nothing', async () => {
    const solution = await enrol(server());
    await attempt(solution);
    expectProblem(await attempt({ ...solution, mac: 'ff:ff', secret: 'wrong' }), 400, 'bad-credentials');
    expect((await attempt(solution)).status).toBe(200);
  });

  test('a solution whose stored MAC is `ignore` accepts any', async () => {
    const solution = await enrol(server());
    await change(solution, { mac: 'ignore' });
    expect((await attempt({ ...solution, mac: 'aa:aa' })).status).toBe(200);
    expect((await attempt({ ...solution, mac: 'bb:bb' })).status).toBe(200);
  });

  test('a device cannot give itself that right by calling itself `ignore`', async () => {
    const solution = await enrol(server());
    expectProblem(await attempt({ ...solution, mac: 'Ignore' }), 400, 'bad-request');
    expect((await attempt(solution)).status).toBe(200);
    expectProblem(await attempt({ ...solution, mac: 'bb:bb' }), 401, 'locked');
  });

  test('a MAC that staff had forgotten is bound again', async () => {
    const solution = await enrol(server());
    await attempt(solution);
    await change(solution, { mac: null });
    expect((await attempt({ ...solution, mac: 'cc:cc' })).status).toBe(200);
    expectProblem(await attempt(solution), 401, 'locked');
  });

  test('a device that signs in on its four channels at once, for the first time, does not lock itself', async () => {
    for (let round = 0; round < 10; round += 1) {
      const solution = await enrol(server());
      const address = newAddress();
      const answers = await Promise.all(
        ['synchro', 'sondes', 'messagerie', 'photos'].map((channel) => attempt(solution, address, channel)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
  });

  test('of two devices that come first at once, exactly one is bound', async () => {
    const solution = await enrol(server());
    const answers = await Promise.all([
      attempt({ ...solution, mac: 'aa:aa' }),
      attempt({ ...solution, mac: 'bb:bb' }),
    ]);
    const statuses = answers.map(({ status }) => status).sort();
    expect([
      [200, 401],
      [401, 401],
    ]).toContainEqual(statuses);
  });
});

describe('a locked solution', () => {
  test('gets 401 locked with the tokens that it has, until staff unlock it', async () => {
    const solution = await enrol(server());
    const client = createSolutionClient(server().url, await tokenOf(server(), solution));
    expect((await client.statut()).status).toBe(200);
    const waiting = client.statut('?wait=60');
    await client.statut('?wait=1');
    expectProblem(await attempt({ ...solution, mac: 'ff:ff:ff:ff:ff:ff' }), 401, 'locked');
    expectProblem(await waiting, 401, 'locked');
    expectProblem(await client.statut(), 401, 'locked');
    expectProblem(await client.lastIdLogs(), 401, 'locked');
    await change(solution, { isLocked: false });
    expectProblem(await client.lastIdLogs(), 401, 'unauthorized');
    const anew = createSolutionClient(server().url, await tokenOf(server(), solution));
    expect((await anew.statut()).status).toBe(200);
  });
});

/** Another API process, as far as two can be told apart: nothing is shared but the database. */
async function startOtherApi(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const log = createLogger({ level: 'silent', name: 'other' });
  const other = await composeApi(server().config, server().databaseUrl, log);
  await new Promise<void>((resolve) => other.server.listen(0, '127.0.0.1', resolve));
  const address = other.server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    async stop() {
      other.server.closeAllConnections();
      await new Promise((resolve) => other.server.close(resolve));
      await other.close();
    },
  };
}

describe('a blocked solution', () => {
  test('gets 401 blocked, and its tokens stop working on every API process', async () => {
    const solution = await enrol(server());
    const token = await tokenOf(server(), solution);
    const other = await startOtherApi();
    const otherUrl = other.url;
    const here = createSolutionClient(server().url, token);
    const there = createSolutionClient(otherUrl, token);
    try {
      for (const client of [here, there]) {
        // Twice: the second is answered from memory.
        expect((await client.statut()).status).toBe(200);
        expect((await client.statut()).status).toBe(200);
      }
      await change(solution, { isBlocked: true });
      for (const client of [here, there]) {
        await eventually('the token stops working', async () => (await client.statut()).status === 401);
        expectProblem(await client.statut(), 401, 'blocked');
        expectProblem(await client.lastIdLogs(), 401, 'blocked');
      }
      expectProblem(await attempt(solution), 401, 'blocked');
      await change(solution, { isBlocked: false });
      for (const client of [here, there]) {
        expectProblem(await client.statut(), 401, 'unauthorized');
      }
      const anew = await tokenOf(server(), solution);
      for (const url of [server().url, otherUrl]) {
        expect((await createSolutionClient(url, anew).statut()).status).toBe(200);
      }
    } finally {
      await other.stop();
    }
  });
});

describe('changes that end earlier tokens', () => {
  const clientOf = async (solution: Enrolled) =>
    createSolutionClient(server().url, await tokenOf(server(), solution));
  const solutions = () => createSolutionService(openStoreAccess(server().db));

  /** Each returns the secret that holds from then on; null: the one of before. */
  const ends: readonly (readonly [string, (id: number) => Promise<string | null>])[] = [
    ['a forgotten MAC', (id) => updated(id, { mac: null })],
    [
      'a block that is over',
      async (id) => {
        await updated(id, { isBlocked: true });
        return updated(id, { isBlocked: false });
      },
    ],
    [
      'a lock that is over',
      async (id) => {
        await server().db('solution').where({ id }).update({ locked_at: server().db.fn.now() });
        return updated(id, { isLocked: false });
      },
    ],
    [
      'a leaked secret',
      async (id) => (await solutions().replaceSecret(commandLineCaller, id, { isLeaked: true })).secret,
    ],
  ];

  async function updated(id: number, changes: SolutionChanges): Promise<null> {
    await solutions().update(commandLineCaller, id, changes);
    return null;
  }

  test.each(ends)(
    '%s: the token of before is worth nothing at once, the one of after works at once',
    async (_what, end) => {
      for (let round = 0; round < 5; round += 1) {
        const solution = await enrol(server());
        const client = await clientOf(solution);
        // From memory.
        expect((await client.statut()).status).toBe(200);
        expect((await client.statut()).status).toBe(200);
        const secret = (await end(solution.id)) ?? solution.secret;
        const anew = await clientOf({ ...solution, secret });
        expect((await anew.statut()).status).toBe(200);
        expect((await anew.lastIdLogs()).status).toBe(200);
        expectProblem(await client.statut(), 401, 'unauthorized');
        expectProblem(await client.lastIdLogs(), 401, 'unauthorized');
      }
    },
  );

  test('a change by staff is in force at once on the server that confirms it', async () => {
    const { email, password } = server().admin;
    const json = { 'Content-Type': 'application/json', 'X-Forwarded-For': newAddress() };
    const session = await call(`${server().url}/api/session`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email, password }),
    });
    const headers = { ...json, Authorization: `Bearer ${textOf(session.json['token'])}` };
    const patch = (id: number, changes: object) =>
      call(`${server().url}/api/solutions/${id}`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify(changes),
      });
    for (let round = 0; round < 10; round += 1) {
      const solution = await enrol(server());
      const client = await clientOf(solution);
      expect((await client.statut()).status).toBe(200);
      expect((await patch(solution.id, { blocked: true })).status).toBe(200);
      expectProblem(await client.statut(), 401, 'blocked');
      expect((await patch(solution.id, { blocked: false })).status).toBe(200);
      expectProblem(await client.statut(), 401, 'unauthorized');
      const bound = await clientOf(solution);
      expect((await bound.statut()).status).toBe(200);
      expectProblem(await attempt({ ...solution, mac: 'ff:ff:ff:ff:ff:ff' }), 401, 'locked');
      expectProblem(await bound.statut(), 401, 'locked');
      expect((await patch(solution.id, { locked: false })).status).toBe(200);
      expectProblem(await bound.statut(), 401, 'unauthorized');
      const known = await clientOf(solution);
      expect((await known.statut()).status).toBe(200);
      expect((await patch(solution.id, { mac: null })).status).toBe(200);
      expectProblem(await known.statut(), 401, 'unauthorized');
    }
  });

  test('each of them holds on every API process', async () => {
    const other = await startOtherApi();
    try {
      for (const [what, end] of ends) {
        const solution = await enrol(server());
        const token = await tokenOf(server(), solution);
        const clients = [server().url, other.url].map((url) => createSolutionClient(url, token));
        // Twice: the second is answered from memory.
        for (const client of [...clients, ...clients]) expect((await client.statut()).status).toBe(200);
        const secret = (await end(solution.id)) ?? solution.secret;
        for (const client of clients) {
          await eventually(`${what} is heard of`, async () => (await client.statut()).status === 401);
          expectProblem(await client.statut(), 401, 'unauthorized');
          expectProblem(await client.lastIdLogs(), 401, 'unauthorized');
        }
        const anew = await tokenOf(server(), { ...solution, secret });
        for (const url of [server().url, other.url]) {
          expect((await createSolutionClient(url, anew).statut()).status).toBe(200);
        }
      }
    } finally {
      await other.stop();
    }
  });

  test('a poll that waits with an ended token gets 401', async () => {
    const solution = await enrol(server());
    const client = await clientOf(solution);
    await client.statut();
    const waiting = client.statut('?wait=60');
    await client.statut('?wait=1');
    await solutions().replaceSecret(commandLineCaller, solution.id, { isLeaked: true });
    expectProblem(await waiting, 401, 'unauthorized');
  });

  test('a leaked secret is over at once; one that is replaced as usual is not, and its tokens live on', async () => {
    const solution = await enrol(server());
    const client = await clientOf(solution);
    await solutions().replaceSecret(commandLineCaller, solution.id);
    expect((await attempt(solution)).status).toBe(200);
    expect((await client.statut()).status).toBe(200);
    await solutions().replaceSecret(commandLineCaller, solution.id, { isLeaked: true });
    expectProblem(await attempt(solution), 400, 'bad-credentials');
  });

  test('a token of an earlier generation is invalid, whatever raised the generation', async () => {
    const solution = await enrol(server());
    const client = await clientOf(solution);
    expect((await client.statut()).status).toBe(200);
    await server().db('solution').where({ id: solution.id }).update({ token_generation: 1 });
    await eventually('it is told', async () => (await client.lastIdLogs()).status === 401);
    expectProblem(await client.lastIdLogs(), 401, 'unauthorized');
  });
});

describe('ten failures within five minutes', () => {
  test('for one solution: 429 with Retry-After; but the right secret is accepted, and so are other solutions', async () => {
    const solution = await enrol(server());
    const address = newAddress();
    for (let failure = 0; failure < 10; failure += 1) {
      expectProblem(await attempt({ ...solution, secret: 'wrong' }, address), 400, 'bad-credentials');
    }
    const refused = await attempt({ ...solution, secret: 'wrong' });
    expectProblem(refused, 429, 'too-many-requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(300);
    expect((await attempt(solution)).status).toBe(200);
    expect((await attempt(solution, address)).status).toBe(200);
    expect((await attempt(await enrol(server()), address)).status).toBe(200);
  });

  test('for an unknown mail: 429 as well, because otherwise the two would differ', async () => {
    const nobody = { mail: 'nobody-at-all@example.org', mac: '00:1a', secret: 'wrong' };
    for (let failure = 0; failure < 10; failure += 1) await attempt(nobody);
    expectProblem(await attempt(nobody), 429, 'too-many-requests');
  });

  test('from one address, or one IPv6 network: 429 for the next failure there', async () => {
    for (const [first, other] of [
      ['192.0.2.250', '192.0.2.250'],
      ['2001:db8:7:1::5', '2001:db8:7:1:9::6'],
    ]) {
      for (let failure = 0; failure < 10; failure += 1) {
        await attempt({ mail: `guess${failure}@example.org`, mac: '00:1a', secret: 'wrong' }, first);
      }
      const solution = await enrol(server());
      expectProblem(await attempt({ ...solution, secret: 'wrong' }, other), 429, 'too-many-requests');
      expect((await attempt(solution, other)).status).toBe(200);
    }
  });

  test('are forgotten after five minutes', async () => {
    const solution = await enrol(server());
    for (let failure = 0; failure < 10; failure += 1) await attempt({ ...solution, secret: 'wrong' });
    await server()
      .db('failed_login')
      .update({ at: server().db.raw(`at - interval '5 minutes'`) });
    expectProblem(await attempt({ ...solution, secret: 'wrong' }), 400, 'bad-credentials');
  });
});
