import { z } from 'zod';
import { unknownUpload } from '../../shared/errors/catalog';
import { json, noContent, type Operation, pathParameter } from '../http/operation';
import { begun, channelParameter, describedBody, syncHeader } from './parameters';
import { archiveProblems, idempotencyHeader } from './post-datas';

// The responses of `uploads.ts`. Source: tus 1.0, core, creation, termination, expiration.

const version = z.literal('1.0.0');
const bytes = z
  .string()
  .regex(/^\d+$/)
  .meta({ examples: ['14500000'] });
const ofUploads = {
  tag: 'Protocol',
  path: '/v4/{channel}/uploads',
  access: 'solution',
  params: { channel: channelParameter },
} as const;
const ofOneUpload = {
  tag: 'Protocol',
  path: '/v4/{channel}/uploads/{id}',
  access: 'solution',
  params: {
    channel: channelParameter,
    id: pathParameter(z.string().meta({ description: 'The id from `Location`.' }), unknownUpload),
  },
} as const;
const headers = z.object({ 'tus-resumable': version });
const abilities = {
  204: noContent('The headers have the result.', {
    'Tus-Version': '`1.0.0`',
    'Tus-Extension': 'What is offered beyond the core.',
    'Tus-Max-Size': 'In bytes.',
  }),
};
const digests = {
  'content-digest': z.string().optional().meta({
    description:
      'The digest of a body that is the whole archive (RFC 9530): `sha-256=:…:`. For a part it is ignored.',
  }),
  'repr-digest': z.string().optional().meta({
    description: 'The digest of the whole archive, with the request that completes it: `sha-256=:…:`.',
  }),
};
const location = { Location: 'Its path.' };
const offset = { 'Tus-Resumable': '`1.0.0`', 'Upload-Offset': 'Where the upload stands, in bytes.' };

export const uploadOperations: readonly Operation[] = [
  {
    ...ofUploads,
    method: 'options',
    id: 'describeUploads',
    summary: 'Returns the tus extensions of the server',
    answers: abilities,
  },
  {
    ...ofOneUpload,
    method: 'options',
    id: 'describeUpload',
    summary: 'Returns the same for an upload',
    answers: abilities,
  },
  {
    ...ofUploads,
    method: 'post',
    id: 'createUpload',
    summary: 'Begins a resumable upload',
    description: 'For poor networks: the tus 1.0 protocol. Needs status 0; the channel stays at 0.',
    headers: headers.extend({
      'upload-length': bytes,
      'upload-metadata': z
        .string()
        .optional()
        .meta({ description: '`sha256` of the archive, hexadecimal, in base64.' }),
      'idempotency-key': idempotencyHeader,
      ...digests,
    }),
    body: describedBody({ 'application/offset+octet-stream': { schema: null } }, false),
    answers: {
      200: json(
        'The request brought the whole archive: the upload is complete, and its job is queued.',
        begun,
        {
          ...syncHeader,
          ...location,
        },
      ),
      201: noContent('The upload is begun.', {
        ...location,
        'Upload-Expires': 'Then it is removed, unless it is complete.',
      }),
    },
    problems: { ...archiveProblems, 412: ['tus-version'] },
  },
  {
    ...ofOneUpload,
    method: 'head',
    id: 'headUpload',
    summary: 'Returns the offset of an upload',
    headers,
    answers: { 200: noContent('The headers have the result.', { ...offset, 'Upload-Length': 'In bytes.' }) },
    problems: { 412: ['tus-version'] },
  },
  {
    ...ofOneUpload,
    method: 'patch',
    id: 'continueUpload',
    summary: 'Sends the next part of an upload',
    description:
      'The request that completes the upload does what POST datas does, with the same responses and errors. A client that cannot send PATCH or DELETE sends POST with `X-HTTP-Method-Override`.',
    headers: headers.extend({ 'upload-offset': bytes, 'idempotency-key': idempotencyHeader, ...digests }),
    body: describedBody({ 'application/offset+octet-stream': { schema: null } }),
    answers: {
      200: json('The upload is complete, and its job is queued.', begun, syncHeader),
      204: noContent('The part is stored, and the upload is not complete yet.', offset),
    },
    problems: {
      ...archiveProblems,
      409: ['offset-mismatch'],
      412: ['tus-version'],
      415: ['wrong-content-type', 'not-a-zip'],
    },
  },
  {
    ...ofOneUpload,
    method: 'delete',
    id: 'deleteUpload',
    summary: 'Deletes an upload',
    headers,
    answers: { 204: noContent('The upload is deleted.') },
    problems: { 412: ['tus-version'] },
  },
];
