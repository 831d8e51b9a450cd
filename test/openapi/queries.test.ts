import type { OpenApiDocument, OperationObject } from '../../api/openapi/document';
import { call, textOf } from '../setup/solution-client';
import { onServer } from '../v4/on-server';

const server = onServer();

/** So that each parameter of a path is one that could be. */
const samples: Readonly<Record<string, string>> = {
  class: 'Fridges',
  channel: 'photos',
  table: 'Tbfridge',
  flag: 'resend-logs',
};

function sampleOf({ parameters }: OperationObject, name: string): string {
  const schema = parameters.find((one) => one.name === name)?.schema;
  const examples: unknown = schema?.['examples'];
  return samples[name] ?? (Array.isArray(examples) && examples.length > 0 ? String(examples[0]) : '1');
}

// Devices are another matter: the protocol lets them send what they like there.
const isOfStaff = (template: string) => template.startsWith('/api/');

test('a query parameter that a call of staff does not have is 400, on every call of the document', async () => {
  const document = (await (await fetch(`${server().url}/openapi.json`)).json()) as OpenApiDocument;
  const { email, password } = server().admin;
  const opened = await call(`${server().url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const staff = textOf(opened.json['token']);
  const taken: string[] = [];
  const calls = Object.entries(document.paths).filter(([template]) => isOfStaff(template));
  expect(calls.length).toBeGreaterThan(50);
  for (const [template, item] of calls) {
    for (const [method, operation] of Object.entries(item)) {
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => sampleOf(operation, name));
      const answer = await call(`${server().url}${path}?nobody-knows-this=1`, {
        method: method.toUpperCase(),
        headers: { Authorization: `Bearer ${staff}` },
      });
      const isRefused =
        answer.status === 400 &&
        (method === 'head' || answer.text.includes('no query parameter nobody-knows-this'));
      if (!isRefused) taken.push(`${operation.operationId} ${answer.status}`);
    }
  }
  expect(taken).toEqual([]);
});
