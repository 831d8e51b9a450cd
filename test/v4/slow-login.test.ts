import express from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeBodyWithin } from '../../api/http/expect';
import { answerTo, open } from '../setup/solution-client';

let server: Server;

beforeAll(async () => {
  const app = express();
  app.post('/login', takeBodyWithin(2_000), express.json(), (request, response) => {
    response.json(request.body);
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const begin = () =>
  open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/login`, 'POST', {
    'Content-Type': 'application/json',
    'Content-Length': '9',
  });

describe('a body that must be here within a time', () => {
  test('is cut off if it never arrives, so that it does not hold a connection for ever', async () => {
    const sent = begin();
    sent.write('{"a":');
    await expect(answerTo(sent)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('is read if it arrives in pieces, and the response may take time', async () => {
    const sent = begin();
    const answer = answerTo(sent);
    sent.write('{"a":');
    sent.end('123}');
    expect((await answer).json).toEqual({ a: 123 });
  });
});
