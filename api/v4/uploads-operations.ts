import { z } from 'zod';
import { unknownUpload } from '../../shared/errors/catalog';
import { json, noContent, type Operation, pathParameter } from '../http/operation';
import { begun, channelParameter, describedBody, syncHeader } from './parameters';
import { archiveProblems, idempotencyHeader } from './post-datas';

// What `uploads.ts` answers. Source: tus 1.0, core, creation, termination, expiration.

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
    id: pathParameter(z.string().meta({ description: 'As `Location` gave it.' }), unknownUpload),
  },
} as const;
const headers = z.object({ 'tus-resumable': version });
const abilities = {
  204: noContent('In headers.', {
    'Tus-Version': '`1.0.0`',
    'Tus-Extension': 'What is offered beyond the core.',
    'Tus-Max-Size': 'In bytes.',
  }),
};
const digests = {
  'content-digest': z.string().optional().meta({
    description:
      'Of a body that is the whole archive (RFC 9530): `sha-256=:…:`. Of a part it is not looked at.',
  }),
  'repr-digest': z.string().optional().meta({
    description: 'Of the whole archive, with the request that completes it: `sha-256=:…:`.',
  }),
};
const location = { Location: 'Its path.' };
const offset = { 'Tus-Resumable': '`1.0.0`', 'Upload-Offset': 'Where the upload stands, in bytes.' };

export const uploadOperations: readonly Operation[] = [
  {
    ...ofUploads,
    method: 'options',
    id: 'describeUploads',
    summary: 'Tells what the server can do of tus',
    answers: abilities,
  },
  {
    ...ofOneUpload,
    method: 'options',
    id: 'describeUpload',
    summary: 'The same, asked at an upload',
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
      200: json('All of it came at once: the upload is complete, and its job is queued.', begun, {
        ...syncHeader,
        ...location,
      }),
      201: noContent('Begun.', {
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
    summary: 'Tells where an upload stands',
    headers,
    answers: { 200: noContent('In headers.', { ...offset, 'Upload-Length': 'In bytes.' }) },
    problems: { 412: ['tus-version'] },
  },
  {
    ...ofOneUpload,
    method: 'patch',
    id: 'continueUpload',
    summary: 'Sends more of an upload',
    description:
      'The one that completes it does what POST datas does, with its answers and errors. Who cannot send PATCH or DELETE sends POST with `X-HTTP-Method-Override`.',
    headers: headers.extend({ 'upload-offset': bytes, 'idempotency-key': idempotencyHeader, ...digests }),
    body: describedBody({ 'application/offset+octet-stream': { schema: null } }),
    answers: {
      200: json('The upload is complete, and its job is queued.', begun, syncHeader),
      204: noContent('More is to come.', offset),
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
    summary: 'Gives an upload up',
    headers,
    answers: { 204: noContent('It is gone.') },
    problems: { 412: ['tus-version'] },
  },
];
