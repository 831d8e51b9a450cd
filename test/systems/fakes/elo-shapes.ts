import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { z } from 'zod';

// What ELO's public OpenAPI document of the index server 23 says of the calls that we make. `elo-shapes.json` is made of
// that document by `extractShapes`, see elo-shapes.test.ts. The document is served by every index server at
// /ix-…/resources/openapi.json; ours is the one in treskon/elo-indexserver-client, eloRestAPI/openapi_v23.json.

export interface EloShapes {
  readonly source: string;
  /** By the name of a function: the schemas of its parameters and of its answer. */
  readonly functions: Readonly<
    Record<string, { readonly request: JsonSchema; readonly response: JsonSchema }>
  >;
  readonly $defs: Readonly<Record<string, JsonSchema>>;
}

type JsonSchema = { readonly [keyword: string]: unknown };

const functions = [
  'checkinDocBegin',
  'checkinDocEnd',
  'checkinSord',
  'checkoutDoc',
  'checkoutDocMask',
  'checkoutSord',
  'copySord',
  'createDoc',
  'createSord',
  'deleteSord',
  'findClose',
  'findFirstSords',
  'findNextSords',
  'getServerInfo',
];

/** The kept members of large types: only those that we or the fake send. The others count as unknown. */
const keptMembers: Readonly<Record<string, readonly string[]>> = {
  DocMask: ['id', 'name', 'deleted', 'lines'],
  DocMaskLine: ['id', 'key', 'maskId', 'type', 'required'],
  EditInfo: ['sord', 'document'],
  FindInfo: ['findByIndex', 'findChildren', 'findOptions'],
  FindByIndex: ['name', 'exactName'],
  FindOptions: ['TStamp', 'inclDeleted', 'totalCount'],
  FindResult: ['sords', 'searchId', 'moreResults', 'breakTotalCount', 'breakTimeout', 'ids', 'count'],
  ServerInfo: ['version', 'serverTime', 'instanceName'],
};
/** Left out wherever they stand: what hangs on them is as large as all the rest. */
const leftOut = new Set(['aspects', 'linksComeIn', 'linksGoOut', 'replSet', 'replNames']);

export function extractShapes(json: string): EloShapes {
  const document = z.custom<OpenApiDocument>(has('paths', 'components')).parse(JSON.parse(json));
  const $defs: Record<string, JsonSchema> = {};
  const add = (name: string): void => {
    if (Object.hasOwn($defs, name)) return;
    $defs[name] = {};
    $defs[name] = plain(name, document.components.schemas[name] ?? {}, add);
  };
  const found = functions.map((name) => {
    const operation = document.paths[`/IXServicePortIF/${name}`]?.post;
    const request = schemaOf(operation?.requestBody.content['application/json'], add);
    const response = schemaOf(operation?.responses['200'].content['application/json'], add);
    return [name, { request, response }] as const;
  });
  const { title, version } = document.info;
  return { source: `${title} ${version}`, functions: Object.fromEntries(found), $defs };
}

const has =
  (...members: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && members.every((member) => member in value);

interface SourceSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly items?: SourceSchema;
  readonly properties?: Readonly<Record<string, SourceSchema>>;
}
interface Media {
  readonly schema: SourceSchema;
}
interface Body {
  readonly content: { readonly 'application/json': Media };
}
interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<
    Record<string, { readonly post: { readonly requestBody: Body; readonly responses: { '200': Body } } }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, SourceSchema>> };
}

function schemaOf(media: Media | undefined, add: (name: string) => void): JsonSchema {
  if (media === undefined) throw new Error('the document lacks a function');
  return plain('', media.schema, add);
}

/** Without descriptions, and closed: no member but those that it names. */
function plain(name: string, schema: SourceSchema, add: (name: string) => void): JsonSchema {
  const target = schema.$ref?.split('/').at(-1);
  if (target !== undefined) {
    add(target);
    return { $ref: `#/$defs/${target}` };
  }
  const kept = keptMembers[name];
  const members = Object.entries(schema.properties ?? {}).filter(
    ([member]) => !leftOut.has(member) && kept?.includes(member) !== false,
  );
  return {
    ...(schema.type === undefined ? {} : { type: schema.type }),
    ...(schema.items === undefined ? {} : { items: plain('', schema.items, add) }),
    ...(members.length === 0
      ? {}
      : {
          properties: Object.fromEntries(members.map(([member, one]) => [member, plain('', one, add)])),
          additionalProperties: false,
        }),
  };
}

export const eloShapesFile = join(__dirname, 'elo-shapes.json');

/** Finds what a call or an answer has that the document does not know. Empty: nothing. */
export interface EloJudge {
  request(name: string, parameters: unknown): readonly string[];
  response(name: string, answer: unknown): readonly string[];
}

export function createEloJudge(): EloJudge {
  const shapes = z
    .custom<EloShapes>(has('functions', '$defs'))
    .parse(JSON.parse(readFileSync(eloShapesFile, 'utf8')));
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validators = new Map<string, ValidateFunction>();
  const mistakesOf = (name: string, part: 'request' | 'response', value: unknown): readonly string[] => {
    const schema = shapes.functions[name]?.[part];
    if (schema === undefined) return [`there is no function ${name}`];
    const key = `${name} ${part}`;
    const validate = validators.get(key) ?? ajv.compile({ ...schema, $defs: shapes.$defs });
    validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) =>
        `${key}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
  return {
    request: (name, parameters) => mistakesOf(name, 'request', parameters),
    response: (name, answer) => mistakesOf(name, 'response', answer),
  };
}
