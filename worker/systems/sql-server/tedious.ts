import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { Trouble } from '../../pipeline/trouble';

// The part of `tedious` that we use; it implements TDS. It is an optional dependency: an installation without SQL
// Server needs neither the package nor its types.

export interface Tedious {
  readonly Connection: new (config: object) => TdsConnection;
  readonly Request: new (text: string, done: (error: Error | null | undefined) => void) => TdsRequest;
  readonly TYPES: { readonly NVarChar: unknown; readonly VarBinary: unknown };
}

export interface TdsConnection {
  connect(done: (error?: Error) => void): void;
  execSql(request: TdsRequest): void;
  /** Asks the server to abort the running request. */
  cancel(): boolean;
  close(): void;
  on(event: 'error', hear: (error: Error) => void): unknown;
  on(event: 'errorMessage', hear: (message: { readonly number?: number }) => void): unknown;
  on(event: 'end', hear: () => void): unknown;
  on(event: 'secure', hear: (cleartext: Duplex) => void): unknown;
}

export interface TdsRequest {
  addParameter(name: string, type: unknown, value: unknown): void;
  on(event: 'row', hear: (columns: readonly { readonly value: unknown }[]) => void): unknown;
  on(event: 'columnMetadata', hear: () => void): unknown;
}

/** Throws `fields` if it is not installed, because only a person can change that. */
export function loadTedious(): Tedious {
  const loaded = required();
  if (isTedious(loaded)) return loaded;
  throw new Trouble(
    'fields',
    'SQL Server is reached by the package "tedious", which is not installed: npm install tedious@19',
  );
}

function required(): unknown {
  try {
    return createRequire(__filename)('tedious');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

const isTedious = (loaded: unknown): loaded is Tedious =>
  typeof loaded === 'object' &&
  loaded !== null &&
  'Connection' in loaded &&
  'Request' in loaded &&
  'TYPES' in loaded;
