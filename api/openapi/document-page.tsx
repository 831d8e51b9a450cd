import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Method } from '../http/operation';
import type {
  ContentObject,
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  ResponseObject,
} from './document';
import type { JsonSchema } from './schemas';

/** The document as a page: no script, nothing from elsewhere. Every text that is put in is escaped. */
export function documentPage(document: OpenApiDocument, serverVersion: string): string {
  return `<!doctype html>${renderToString(<Page document={document} serverVersion={serverVersion} />)}`;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

interface Chapter {
  readonly name: string;
  readonly calls: readonly Call[];
}

interface PageProps {
  readonly document: OpenApiDocument;
  /** e.g. `0.1.0`. */
  readonly serverVersion: string;
}

function Page({ document, serverVersion }: PageProps): VNode {
  const chapters = document.tags.map(({ name, description }) => ({
    name,
    description,
    calls: callsOf(document).filter(({ operation }) => operation.tags[0] === name),
  }));
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${document.info.title}: interface`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <div class="frame">
          <nav aria-label="Calls">
            <div class="wide">
              <ContentsList chapters={chapters} />
            </div>
            <details class="narrow">
              <summary>Contents</summary>
              <ContentsList chapters={chapters} />
            </details>
          </nav>
          <main id="content">
            <h1>{document.info.title}</h1>
            <p class="quiet">
              Protocol {document.info.version.split('.')[0]}, server {serverVersion}. For programs:{' '}
              <a href="/openapi.json">openapi.json</a> (OpenAPI {document.openapi}).
            </p>
            {document.info.description
              .split('\n')
              .map((line) => (line === '' ? null : <Prose text={line} />))}
            {chapters.map((chapter) => (
              <section>
                <h2 id={`chapter-${chapter.name}`}>{chapter.name}</h2>
                <Prose text={chapter.description} />
                {chapter.calls.map((call) => (
                  <CallArticle call={call} />
                ))}
              </section>
            ))}
            <section>
              <h2 id="schemas">Schemas</h2>
              {Object.entries(document.components.schemas).map(([name, schema]) => (
                <SchemaArticle name={name} schema={schema} />
              ))}
            </section>
          </main>
        </div>
      </body>
    </html>
  );
}

const ContentsList = ({ chapters }: { readonly chapters: readonly Chapter[] }): VNode => (
  <>
    {chapters.map(({ name, calls }) => (
      <>
        <h2>{name}</h2>
        <ul>
          {calls.map(({ operation }) => (
            <li>
              <a href={`#${operation.operationId}`}>{operation.summary}</a>
            </li>
          ))}
        </ul>
      </>
    ))}
    <h2>
      <a href="#schemas">Schemas</a>
    </h2>
  </>
);

const callsOf = ({ paths }: OpenApiDocument): Call[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method as Method, path, operation })),
  );

function CallArticle({ call: { method, path, operation } }: { readonly call: Call }): VNode {
  return (
    <article>
      <h3 id={operation.operationId}>{operation.summary}</h3>
      <div class="call">
        <span class={`method ${method}`}>{method.toUpperCase()}</span>
        <code>{path}</code>
        <span class="role">{accessText(operation)}</span>
      </div>
      {operation.description === undefined ? null : <Prose text={operation.description} />}
      {operation.parameters.length === 0 ? null : <Parameters parameters={operation.parameters} />}
      {operation.requestBody === undefined ? null : (
        <>
          <h4>Body{operation.requestBody.required ? '' : ', may be absent'}</h4>
          <Contents content={operation.requestBody.content} />
        </>
      )}
      <Responses responses={operation.responses} />
    </article>
  );
}

function accessText({ security, 'x-epack-role': role }: OperationObject): string {
  if (role !== undefined) return `role ${role}${role === 'admin' ? '' : ' or above'}`;
  return security.length === 0 ? 'anyone' : 'a solution, with its token';
}

function Parameters({ parameters }: { readonly parameters: readonly ParameterObject[] }): VNode {
  return (
    <>
      <h4>Parameters</h4>
      <div class="wide">
        <table>
          <tbody>
            {parameters.map(({ name, in: place, required, description, schema }) => (
              <tr>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  {place}
                  {required && place !== 'path' ? ', needed' : ''}
                </td>
                <td>
                  <Type schema={schema} />
                </td>
                <td>{description === undefined ? null : <Prose text={description} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Contents({ content }: { readonly content: ContentObject }): VNode {
  return (
    <>
      {Object.entries(content).map(([mediaType, { schema, example }]) => (
        <>
          <p class="quiet">
            <code>{mediaType}</code> {schema === undefined ? null : <Type schema={schema} />}
          </p>
          {schema === undefined ? null : <Fields schema={schema} />}
          {example === undefined ? null : <pre>{exampleText(example)}</pre>}
        </>
      ))}
    </>
  );
}

const exampleText = (example: unknown) =>
  typeof example === 'string' && example.includes('\n') ? example : JSON.stringify(example, null, 2);

function Responses({ responses }: { readonly responses: OperationObject['responses'] }): VNode {
  const answers = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400);
  return (
    <>
      {answers.map(([status, response]) => (
        <AnswerPart status={status} response={response} />
      ))}
      <details>
        <summary>Problems</summary>
        <div class="wide">
          <table>
            <tbody>
              {problems.map(([status, { description }]) => (
                <tr>
                  <th scope="row">{status}</th>
                  <td>
                    <Prose text={description} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function AnswerPart({
  status,
  response,
}: {
  readonly status: string;
  readonly response: ResponseObject;
}): VNode {
  const headers = Object.entries(response.headers ?? {});
  return (
    <>
      <h4>{status}</h4>
      <Prose text={response.description} />
      {headers.length === 0 ? null : (
        <div class="wide">
          <table>
            <tbody>
              {headers.map(([name, { description }]) => (
                <tr>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>
                    <Prose text={description} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {response.content === undefined ? null : <Contents content={response.content} />}
    </>
  );
}

function SchemaArticle({ name, schema }: { readonly name: string; readonly schema: JsonSchema }): VNode {
  return (
    <article>
      <h3 id={`schema-${name}`}>{name}</h3>
      {typeof schema['description'] === 'string' ? <Prose text={schema['description']} /> : null}
      <Fields schema={schema} />
    </article>
  );
}

/** The members of an object, where it names them. */
function Fields({ schema }: { readonly schema: JsonSchema }): VNode | null {
  const properties = Object.entries(recordOf(schema['properties']));
  const required = listOf(schema['required']);
  if (properties.length === 0) return null;
  return (
    <div class="wide">
      <table>
        <tbody>
          {properties.map(([field, one]) => (
            <tr>
              <th scope="row">
                <code>{field}</code>
              </th>
              <td>
                <Type schema={recordOf(one)} />
                {required.includes(field) ? '' : ', optional'}
              </td>
              <td>
                {typeof recordOf(one)['description'] === 'string' ? (
                  <Prose text={String(recordOf(one)['description'])} />
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A schema in a few words. */
function Type({ schema }: { readonly schema: JsonSchema }): VNode {
  const usual = schema['default'];
  return (
    <span>
      {typeOf(schema)}
      {usual === undefined ? null : (
        <>
          , else <code>{JSON.stringify(usual)}</code>
        </>
      )}
    </span>
  );
}

function typeOf(schema: JsonSchema): ComponentChildren {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    return <a href={`#schema-${name}`}>{name}</a>;
  }
  if ('const' in schema) return <code>{JSON.stringify(schema['const'])}</code>;
  const values = listOf(schema['enum']);
  if (values.length > 0)
    return joined(
      values.map((value) => <code>{String(value)}</code>),
      ' | ',
    );
  const alternatives = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (alternatives.length > 0)
    return joined(
      alternatives.map((one) => typeOf(recordOf(one))),
      ' or ',
    );
  if (schema['type'] === 'array') return <>list of {typeOf(recordOf(schema['items']))}</>;
  if (
    schema['type'] === 'object' &&
    'additionalProperties' in schema &&
    schema['additionalProperties'] !== false
  ) {
    return <>{typeOf(recordOf(schema['additionalProperties']))} by name</>;
  }
  if (schema['format'] === 'date-time') return 'time';
  const types = Array.isArray(schema['type']) ? listOf(schema['type']) : [schema['type'] ?? 'anything'];
  return types.join(' or ');
}

const joined = (parts: readonly ComponentChildren[], between: string) =>
  parts.map((part, index) => (
    <>
      {index === 0 ? '' : between}
      {part}
    </>
  ));

/** A paragraph in which `this` is code. */
function Prose({ text }: { readonly text: string }): VNode {
  return <p>{text.split('`').map((part, index) => (index % 2 === 0 ? part : <code>{part}</code>))}</p>;
}

const recordOf = (value: unknown): JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
