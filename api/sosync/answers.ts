import type { Request, Response } from 'express';
import { once } from 'node:events';
import { notAcceptable } from '../../shared/errors/catalog';
import { type XmlContent, xmlDeclaration, xmlElement } from '../../shared/formats/plain-xml';

// The responses of the sosync calls: simple results as plain text, all others as JSON or XML by Accept.

type Form = 'json' | 'xml' | 'text';

const json = 'application/json';
const xmlTypes = ['application/xml', 'text/xml'];

/** A simple result. A caller that wants JSON or XML also gets the text, as in earlier versions. */
export function sendText(request: Request, response: Response, text: string): void {
  if (request.accepts(['text/plain', json, ...xmlTypes]) === false) throw notAcceptable(['text/plain']);
  response.status(200).type('text/plain; charset=utf-8').send(text);
}

/** An object; `element` is what it is called in XML. Throws `not-acceptable`. */
export function sendObject(
  request: Request,
  response: Response,
  element: string,
  object: { readonly [name: string]: XmlContent },
): void {
  if (objectForm(request) === 'json') response.status(200).json(object);
  else
    response
      .status(200)
      .type('application/xml; charset=utf-8')
      .send(xmlDeclaration + xmlElement(element, object));
}

/** A list that comes page by page; nothing is kept of what has been sent. Throws `not-acceptable`. */
export async function sendList(
  request: Request,
  response: Response,
  { list, element }: { readonly list: string; readonly element: string },
  pages: AsyncIterable<readonly { readonly [name: string]: XmlContent }[]>,
): Promise<void> {
  const isJson = objectForm(request) === 'json';
  response.status(200).type(isJson ? 'application/json; charset=utf-8' : 'application/xml; charset=utf-8');
  await write(response, isJson ? '[' : `${xmlDeclaration}<${list}>`);
  let isFirst = true;
  for await (const page of pages) {
    const parts = page.map((one) => (isJson ? JSON.stringify(one) : xmlElement(element, one)));
    const text = isJson ? `${isFirst ? '' : ','}\n${parts.join(',\n')}` : `\n${parts.join('\n')}`;
    isFirst = false;
    if (!(await write(response, text))) return;
  }
  response.end(isJson ? '\n]\n' : `\n</${list}>\n`);
}

/** The format of an error. A caller that accepts none of them gets JSON. */
export function errorForm(request: Request): Form {
  switch (request.accepts([json, ...xmlTypes, 'text/plain'])) {
    case 'application/xml':
    case 'text/xml':
      return 'xml';
    case 'text/plain':
      return 'text';
    default:
      return 'json';
  }
}

function objectForm(request: Request): 'json' | 'xml' {
  const accepted = request.accepts([json, ...xmlTypes]);
  if (accepted === false) throw notAcceptable([json, 'application/xml']);
  return accepted === json ? 'json' : 'xml';
}

/** Waits until the caller has read more. False: the caller has disconnected. */
async function write(response: Response, text: string): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(text)) return true;
  const gone = new AbortController();
  const close = () => gone.abort();
  response.once('close', close);
  try {
    await once(response, 'drain', { signal: gone.signal });
    return true;
  } catch {
    return false;
  } finally {
    response.off('close', close);
  }
}
