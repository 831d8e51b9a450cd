/** Those of HTTP, and those that WebDAV adds (RFC 4918). */
export type HttpMethod =
  | 'GET'
  | 'POST'
  | 'PUT'
  | 'PATCH'
  | 'DELETE'
  | 'OPTIONS'
  | 'PROPFIND'
  | 'REPORT'
  | 'PROPPATCH'
  | 'MKCOL'
  | 'MOVE'
  | 'LOCK'
  | 'UNLOCK';

export interface HttpCall {
  /** What it is, for people and for the metrics. */
  readonly operation: string;
  readonly method: HttpMethod;
  /** Path and query; begins with a slash. */
  readonly path: string;
  /** The path opens something to everyone who knows it, so it is not recorded. */
  readonly isSecretPath?: boolean;
  /** What is sent as JSON; undefined: nothing. */
  readonly json?: unknown;
  /** What is sent as it is, in place of JSON. It is not recorded. */
  readonly bytes?: SentBytes;
  /** What is sent while it is read, in place of JSON. It is not recorded, and no deadline ends it while it moves. */
  readonly stream?: SentStream;
  /** The answer is no JSON: what came is `text`. */
  readonly isText?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Neither what is sent nor what comes back may be recorded: it is about secrets. */
  readonly isSecret?: boolean;
  /** True: a 401 is handed back, and the caller judges it. */
  readonly handsBackUnauthorized?: boolean;
  /** Asked about a 3xx and a 5xx. True: the server itself says so of this call, and the caller judges it. */
  readonly handsBack?: (answer: HttpAnswer) => boolean;
}

export interface SentBytes {
  /** Of the header `content-type`. */
  readonly type: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface SentStream {
  /** Of the header `content-type`. */
  readonly type: string;
  /** Bytes. If more or fewer come, the request is cut, so that no server takes a part for the whole. */
  readonly size: number;
  /** Read once. Its error is the error of the call. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded; undefined: it was empty, or of a refusal no JSON. */
  readonly json: unknown;
  /** As it came. */
  readonly text: string;
}

/** An answer whose bytes are read by the caller. */
export interface HttpStream {
  readonly status: number;
  readonly headers: Headers;
  /** Throws `unavailable` where the connection breaks, or no byte comes for a minute. */
  readonly bytes: AsyncIterable<Uint8Array>;
}
