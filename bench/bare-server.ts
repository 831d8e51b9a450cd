import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// The limit of the status poll: a bare node:http server that returns a constant. It prints its port on standard output.

const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '3' }).end('"0"');
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
