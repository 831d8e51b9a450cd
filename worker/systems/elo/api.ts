import type { EloSettings } from '../../../shared/systems/elo';
import { createHttpClient, type HttpAnswer, type HttpCall } from '../../outside/http-client';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import { faultIn, IxFault, ixCodes, troubleIn } from './faults';

/**
 * The interface of ELO's index server (IX), "ELO Indexserver REST API". A function is called by POST with its parameters
 * as one JSON object. Each call carries the password: "An explicit login can be omitted."
 */
export interface IxApi {
  /**
   * Returns `result`. Throws `IxFault` if the index server refuses the call, and `Trouble` if that concerns all calls.
   */
  call(call: IxCall, signal: AbortSignal): Promise<unknown>;
  /** Sends a content to the address from `checkinDocBegin`. Returns the text that `checkinDocEnd` needs. */
  upload(url: string, content: Content, signal: AbortSignal): Promise<string>;
  /**
   * Returns the bytes of a version, from the address that `checkoutDoc` gave. Such an address is valid for some
   * minutes.
   */
  download(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  readonly clockOffsetMs: number | null;
}

export interface IxCall {
  /** A name for people and for the metrics. */
  readonly operation: string;
  /** A function of the interface `IXServicePortIF`, e.g. `checkoutSord`. */
  readonly name: string;
  readonly parameters: object;
}

export function createIxApi(
  { url, auth }: Pick<EloSettings, 'url' | 'auth'>,
  outside: Outside,
  secrets: readonly string[],
): IxApi {
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, '').replace(/\/rest$/, '');
  const authorization = `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
  const client = createHttpClient({
    outside,
    baseUrl: base.origin,
    secrets: [...secrets, auth.password],
    headersFor: () => ({ authorization }),
  });
  const place = (address: string): string => pathOf(address, `${base.origin}${prefix}/rest/`);

  async function callOnce({ operation, name, parameters }: IxCall, signal: AbortSignal): Promise<unknown> {
    const path = `${prefix}/rest/IXServicePortIF/${name}`;
    const handsBack: HttpCall['handsBack'] = (answer) => faultIn(answer) !== null;
    const answer = await client.call(
      { operation, method: 'POST', path, json: parameters, handsBack },
      signal,
    );
    const fault = faultIn(answer);
    if (fault !== null) throw fault;
    if (answer.status === 200) return resultIn(answer);
    throw troubleOf(answer);
  }

  function judged(error: unknown): unknown {
    const trouble = error instanceof IxFault ? troubleIn(error) : null;
    if (trouble?.kind === 'unauthorized') client.stop(trouble);
    return trouble ?? error;
  }

  return {
    async call(call, signal) {
      try {
        return await callOnce(call, signal).catch((error: unknown) => {
          // "Sessions are automatically invalidated after 10 minutes idle time": the call was not carried out.
          if (error instanceof IxFault && error.code === ixCodes.invalidSession)
            return callOnce(call, signal);
          throw error;
        });
      } catch (error) {
        throw judged(error);
      }
    },
    async upload(address, content, signal) {
      const stream = {
        type: 'application/octet-stream',
        size: content.size,
        pieces: pieces(content, signal),
      };
      const path = place(address);
      const answer = await client.call({ ...transfer('upload', 'POST', path), stream, isText: true }, signal);
      if (answer.status >= 300) throw judged(faultIn(answer) ?? transferTrouble(answer));
      const result = answer.text.trim();
      if (result === '') throw new Trouble('unavailable', 'ELO did not say what it made of the upload');
      return result;
    },
    async download(address, signal) {
      const answer = await client.open(transfer('download', 'GET', place(address)), signal);
      if ('bytes' in answer) return answer.bytes;
      throw judged(faultIn(answer) ?? transferTrouble(answer));
    },
    get clockOffsetMs() {
      return client.clockOffsetMs;
    },
  };
}

/** The address contains a ticket. A 401 concerns the ticket, because all other calls use our password. */
const transfer = (operation: string, method: 'GET' | 'POST', path: string) => ({
  operation,
  method,
  path,
  isSecretPath: true,
  handsBackUnauthorized: true,
});

/**
 * ELO's addresses contain its own host name, which may only be known in its own network. Therefore the path is used
 * with the server that we call, and our password is never sent to another server. An address without a slash is one of
 * the REST interface.
 */
function pathOf(address: string, restUrl: string): string {
  if (!URL.canParse(address, restUrl)) throw new Trouble('unavailable', 'ELO named no address for the file');
  const { pathname, search } = new URL(address, restUrl);
  return `${pathname}${search}`;
}

async function* pieces(content: Content, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* await content.open(signal);
}

function resultIn({ json }: HttpAnswer): unknown {
  if (typeof json === 'object' && json !== null) return 'result' in json ? json.result : undefined;
  throw new Trouble('unavailable', 'the answer does not have the form of an answer of ELO');
}

function troubleOf({ status }: HttpAnswer): Trouble {
  if (status === 403) return new Trouble('unauthorized', 'the server returned 403');
  // A server that is being restarted has no index server for a while.
  if (status === 404) return new Trouble('unavailable', 'no index server answers at this address');
  return new Trouble('invalid', `the server returned ${status}`);
}

function transferTrouble({ status }: HttpAnswer): Trouble {
  const reason = status === 413 ? 'the file is too large for the server' : `the server returned ${status}`;
  return new Trouble(
    status === 413 ? 'invalid' : 'unavailable',
    `ELO did not take or give the file: ${reason}`,
  );
}
