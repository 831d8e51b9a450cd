import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { OpenApiDocument, OperationObject } from '../../api/openapi/document';

/** An answer as it came over the wire. */
export interface JudgedAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

export interface Judgement {
  /** Null: the document knows no such call. */
  readonly operationId: string | null;
  /** The parts of the response that the document does not describe, or describes differently. */
  readonly mistakes: readonly string[];
}

/**
 * Compares answers with the document, more strictly than a client would: an answer may hold no member that the
 * document does not name, and no code that its operation does not.
 */
export function createJudge(document: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: 'document', ...closed(document) });
  const validators = new Map<string, ValidateFunction>();
  const calls = callsOf(document);

  return {
    judge({ method, path, status, contentType, text }: JudgedAnswer): Judgement {
      const call = calls.find(
        (one) => one.method === method.toLowerCase() && one.matches(path.split('?')[0] ?? ''),
      );
      if (call === undefined)
        return { operationId: null, mistakes: [`${method} ${path} is not in the document`] };
      const { operationId } = call.operation;
      const response = call.operation.responses[String(status)];
      if (response === undefined)
        return { operationId, mistakes: [`${operationId} answers ${status}: ${text.slice(0, 300)}`] };
      const content = Object.entries(response.content ?? {});
      const mediaType = contentType?.split(';')[0] ?? '';
      // The body of a HEAD is never there, and a file may be empty.
      if (content.length === 0 || method === 'HEAD')
        return { operationId, mistakes: text === '' ? [] : ['has a body'] };
      const [, found] = content.find(([name]) => name === mediaType) ?? [];
      if (found === undefined) return { operationId, mistakes: [`${operationId} ${status} is ${mediaType}`] };
      if (found.schema === undefined || !/json$/.test(mediaType)) return { operationId, mistakes: [] };
      const pointer = [call.path, call.method, 'responses', String(status), 'content', mediaType, 'schema'];
      return {
        operationId,
        mistakes: mistakesOf(pointer, text).map((text) => `${operationId} ${status} ${text}`),
      };
    },

    /** The mistakes in a request body, an example or a parameter: any value for which the document has a schema. */
    mistakesIn: (pointer: readonly string[], value: unknown) => mistakesOf(pointer, JSON.stringify(value)),
  };

  function mistakesOf(pointer: readonly string[], text: string): string[] {
    const reference = `document#/paths/${pointer.map(escaped).join('/')}`;
    const validate = validators.get(reference) ?? ajv.compile({ $ref: reference });
    validators.set(reference, validate);
    if (validate(JSON.parse(text))) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
  matches(path: string): boolean;
}

/** Those without parameters first: `/api/solutions/{id}` would match what is written out as well. */
function callsOf({ paths }: OpenApiDocument): Call[] {
  return Object.entries(paths)
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => {
        const pattern = new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`);
        return { method, path, operation, matches: (asked: string) => pattern.test(asked) };
      }),
    )
    .sort((one, other) => one.path.split('{').length - other.path.split('{').length);
}

/** Every object that names its members may have no others. */
function closed(part: unknown): Record<string, unknown> {
  return closedPart(part) as Record<string, unknown>;
}

function closedPart(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closedPart);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.fromEntries(
    // The content of an example is no schema.
    Object.entries(part).map(([name, value]) => [name, /^examples?$/.test(name) ? value : closedPart(value)]),
  );
  const isOpen = inner['type'] === 'object' && 'properties' in inner && !('additionalProperties' in inner);
  return isOpen ? { ...inner, additionalProperties: false } : inner;
}

const escaped = (name: string) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
