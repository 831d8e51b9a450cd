import { z } from 'zod';
import { mostOfQuota, type QuotaName } from '../../../shared/domain/quota';
import { instant, json, jsonBody } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type {
  AccountQuotaView,
  QuotaSettingsService,
  QuotaView,
  SolutionQuotaView,
} from '../services/quotas';
import { idParameter } from '../http/request-fields';
import { etagHeader, ifRevision } from './if-match';
import { staffRoute } from './staff-route';

const bound = z.object({
  limit: z
    .number()
    .nullable()
    .meta({ description: 'What holds. Null: there is no bound.', examples: [10_000] }),
  own: z
    .number()
    .nullable()
    .meta({ description: 'What staff set. Null: nothing.', examples: [null] }),
  used: z.number().meta({ examples: [96] }),
});
const boundsSchema = z.object({
  syncsPerDay: bound.meta({ description: 'Uploads in 24 hours, the refused ones included.' }),
  bytesPerDay: bound.meta({ description: 'Bytes of these uploads.' }),
  openUploads: bound.meta({ description: 'Resumable uploads that are begun and not finished.' }),
  openUploadBytes: bound.meta({ description: 'The lengths that they announced, together.' }),
  openQuarantine: bound.meta({
    description: 'Items in quarantine that wait. What comes beyond is counted, and its upload is kept.',
  }),
});
const times = {
  dayEndsAt: instant.nullable().meta({
    description: 'When what counts by the day counts anew. Null: nothing counts yet.',
  }),
};
const accountQuotas = boundsSchema.extend(times).meta({ id: 'AccountQuotas' });
export const solutionQuotas = boundsSchema
  .extend({
    extraColumns: bound.meta({
      description: 'Columns that a log table does not declare; `used`: of the log table that has most.',
    }),
    ...times,
    refusedAt: instant.nullable().meta({ description: 'The last time that something was refused.' }),
    refusedFor: z
      .string()
      .nullable()
      .meta({
        description: 'For which bound; with `account: ` or `server: ` before it where it was not its own.',
        examples: [null],
      }),
  })
  .meta({ id: 'SolutionQuotas', description: 'What a solution may take of the server, and takes.' });

const ownBound = (name: QuotaName) =>
  z
    .number()
    .int()
    .min(1)
    .max(mostOfQuota(name))
    .nullable()
    .optional()
    .meta({ description: 'Null: no bound of its own.', examples: [500] });
const accountEdit = z.strictObject({
  syncsPerDay: ownBound('syncsPerDay'),
  bytesPerDay: ownBound('bytesPerDay'),
  openUploads: ownBound('openUploads'),
  openUploadBytes: ownBound('openUploadBytes'),
  openQuarantine: ownBound('openQuarantine'),
});
const solutionEdit = accountEdit.extend({ extraColumns: ownBound('extraColumns') });

/** What solutions and accounts may take of the server. */
export const createQuotaRoutes = (quotas: QuotaSettingsService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/quotas',
    id: 'getSolutionQuotas',
    tag: 'Solutions',
    summary: 'Tells what a solution may take of the server, and takes',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('Its bounds.', solutionQuotas, etagHeader) },
    async handle({ caller, params }) {
      const view = await quotas.ofSolution(caller, params.id);
      return reply(200, solutionQuotasJson(view), etagOf(view));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/solutions/{id}/quotas',
    id: 'setSolutionQuotas',
    tag: 'Solutions',
    summary: 'Sets bounds for one solution',
    description: 'What is absent stays as it is.',
    access: 'admin',
    params: { id: idParameter('solution') },
    headers: ifRevision,
    body: jsonBody(solutionEdit),
    answers: { 200: json('Its bounds.', solutionQuotas, etagHeader) },
    problems: { 412: ['stale'] },
    async handle({ caller, params, headers, body }) {
      const view = await quotas.changeOfSolution(caller, params.id, body, headers['if-match'] ?? null);
      return reply(200, solutionQuotasJson(view), etagOf(view));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/accounts/{id}/quotas',
    id: 'getAccountQuotas',
    tag: 'Accounts',
    summary: 'Tells what the solutions of an account may take together, and take',
    access: 'admin',
    params: { id: idParameter('account') },
    answers: { 200: json('Its bounds.', accountQuotas, etagHeader) },
    async handle({ caller, params }) {
      const view = await quotas.ofAccount(caller, params.id);
      return reply(200, accountQuotasJson(view), etagOf(view));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/accounts/{id}/quotas',
    id: 'setAccountQuotas',
    tag: 'Accounts',
    summary: 'Sets bounds for the solutions of an account together',
    description:
      'What is absent stays as it is. Uploads and bytes are counted from when the account has its first bound.',
    access: 'admin',
    params: { id: idParameter('account') },
    headers: ifRevision,
    body: jsonBody(accountEdit),
    answers: { 200: json('Its bounds.', accountQuotas, etagHeader) },
    problems: { 412: ['stale'] },
    async handle({ caller, params, headers, body }) {
      const view = await quotas.changeOfAccount(caller, params.id, body, headers['if-match'] ?? null);
      return reply(200, accountQuotasJson(view), etagOf(view));
    },
  }),
];

export const solutionQuotasJson = ({ bounds, dayEndsAt, refusedAt, refusedFor }: SolutionQuotaView) => ({
  ...bounds,
  dayEndsAt,
  refusedAt,
  refusedFor,
});

const accountQuotasJson = ({ bounds, dayEndsAt }: AccountQuotaView) => ({ ...bounds, dayEndsAt });

const etagOf = ({ revision }: Pick<QuotaView<QuotaName>, 'revision'>) => ({ ETag: `"${revision}"` });
