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
    .meta({ description: 'The quota in force. Null: there is no bound.', examples: [10_000] }),
  own: z
    .number()
    .nullable()
    .meta({ description: 'The quota that staff set. Null: none.', examples: [null] }),
  used: z.number().meta({ examples: [96] }),
});
const boundsSchema = z.object({
  syncsPerDay: bound.meta({ description: 'Uploads in 24 hours, the refused ones included.' }),
  bytesPerDay: bound.meta({ description: 'Bytes of these uploads.' }),
  openUploads: bound.meta({ description: 'Resumable uploads that are not finished.' }),
  openUploadBytes: bound.meta({ description: 'The sum of the lengths that they announced.' }),
  openQuarantine: bound.meta({
    description: 'Open items in quarantine. Further items are only counted, and their upload is kept.',
  }),
});
const times = {
  dayEndsAt: instant.nullable().meta({
    description: 'When the daily quotas start again. Null: nothing counts yet.',
  }),
};
const accountQuotas = boundsSchema.extend(times).meta({ id: 'AccountQuotas' });
export const solutionQuotas = boundsSchema
  .extend({
    extraColumns: bound.meta({
      description:
        'Columns that a log table does not declare. `used` is the number in the log table with most of them.',
    }),
    ...times,
    refusedAt: instant.nullable().meta({ description: 'The last refusal because of a quota.' }),
    refusedFor: z
      .string()
      .nullable()
      .meta({
        description:
          'The quota that was exceeded; with `account: ` or `server: ` before it if it was not the solution’s own.',
        examples: [null],
      }),
  })
  .meta({ id: 'SolutionQuotas', description: 'What a solution may use of the server, and uses.' });

const ownBound = (name: QuotaName) =>
  z
    .number()
    .int()
    .min(1)
    .max(mostOfQuota(name))
    .nullable()
    .optional()
    .meta({ description: 'Null: it has no quota of its own.', examples: [500] });
const accountEdit = z.strictObject({
  syncsPerDay: ownBound('syncsPerDay'),
  bytesPerDay: ownBound('bytesPerDay'),
  openUploads: ownBound('openUploads'),
  openUploadBytes: ownBound('openUploadBytes'),
  openQuarantine: ownBound('openQuarantine'),
});
const solutionEdit = accountEdit.extend({ extraColumns: ownBound('extraColumns') });

/** The limits of solutions and accounts. */
export const createQuotaRoutes = (quotas: QuotaSettingsService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/quotas',
    id: 'getSolutionQuotas',
    tag: 'Solutions',
    summary: 'Returns the quotas of a solution, and what it uses',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The quotas.', solutionQuotas, etagHeader) },
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
    summary: 'Sets quotas of one solution',
    description: 'Absent members stay as they are.',
    access: 'admin',
    params: { id: idParameter('solution') },
    headers: ifRevision,
    body: jsonBody(solutionEdit),
    answers: { 200: json('The quotas.', solutionQuotas, etagHeader) },
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
    summary: 'Returns the quotas that the solutions of an account share, and what they use',
    access: 'admin',
    params: { id: idParameter('account') },
    answers: { 200: json('The quotas.', accountQuotas, etagHeader) },
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
    summary: 'Sets the quotas that the solutions of an account share',
    description:
      'Absent members stay as they are. Uploads and bytes are counted from the moment when the account gets its first quota.',
    access: 'admin',
    params: { id: idParameter('account') },
    headers: ifRevision,
    body: jsonBody(accountEdit),
    answers: { 200: json('The quotas.', accountQuotas, etagHeader) },
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
