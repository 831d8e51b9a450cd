import type { IdsInDoubt } from '../../../shared/domain/log-book';
import type { LogFinding } from '../../../shared/stores/logs/log-finding-store';
import { z } from 'zod';
import { type Channel, channels } from '../../../shared/domain/channel';
import { flags } from '../../../shared/domain/flag';
import { isTimeZone } from '../../../shared/domain/known-zone';
import { mapPage } from '../../../shared/domain/page';
import { confirmations, loginPolicies, solutionStates } from '../../../shared/domain/solution-settings';
import type {
  AdminChannel,
  AdminSolution,
  SolutionChanges,
  SolutionFilter,
} from '../../../shared/stores/solutions/solution-admin-store';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import type { QuotaSettingsService, SolutionQuotaView } from '../services/quotas';
import type {
  EnrolledSolution,
  ListedSolution,
  SolutionDetail,
  SolutionService,
} from '../services/solutions';
import type { OtherZoneService } from '../services/other-zones';
import { etagHeader, ifRevision } from './if-match';
import { otherZoneJson, otherZoneReadings } from './other-zones';
import { solutionQuotas, solutionQuotasJson } from './quotas';
import { idOf, idParameter, pageOfQuery, pageQuery, syncKey, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const name = textOf(200).meta({ examples: ['Le Petit Zinc'] });
const mail = textOf(320).meta({ examples: ['petit.zinc@example.org'] });
const loginPolicy = z.enum(loginPolicies).meta({
  description: '`mac`: an older solution, which sends no secret.',
});
const confirmation = z.enum(confirmations).meta({
  description:
    '`on-download`: an older solution, which never confirms; its package counts as confirmed once it has been sent.',
});
const timezone = z
  .string()
  .refine(isTimeZone, 'is no IANA time zone, e.g. Europe/Paris')
  .meta({
    description: 'The IANA name. Times without an offset are local to this time zone.',
    examples: ['Europe/Paris'],
  });

/** The filters of solutions, also for actions on many of them. */
export const solutionFilter = z.object({
  search: textOf(200)
    .optional()
    .meta({
      description: 'A part of the name or the mail. Case, accents and forms of apostrophes do not count.',
      examples: ['zinc'],
    }),
  account: idOf.optional(),
  state: z.enum(solutionStates).optional().meta({
    description: '`active`: neither blocked nor locked; `busy`: a channel is not at 0.',
  }),
});
const query = pageQuery(idOf).extend(solutionFilter.shape);
const newSolution = z.strictObject({
  mail,
  name,
  account: idOf.nullish().meta({
    description:
      "The account that it belongs to. If absent, it is the caller's only account, or `Default` for an admin.",
    examples: ['3'],
  }),
  loginPolicy: loginPolicy.default('secret'),
  confirmation: confirmation.default('explicit'),
  timezone: timezone.default('Europe/Paris'),
  mac: z
    .literal('ignore')
    .nullish()
    .meta({
      description:
        'Absent or null: the first login binds its MAC. `ignore`: any MAC is accepted. Together with the policy `mac`, `ignore` is 422, because nothing would then prove which solution it is.',
      examples: [null],
    }),
});
const edit = z.strictObject({
  name: name.optional(),
  blocked: z.boolean().optional().meta({
    description: 'True: the solution cannot sign in, and its tokens stop working within a second.',
  }),
  locked: z.literal(false).optional().meta({ description: 'False unlocks the solution.' }),
  mac: z
    .literal('ignore')
    .nullable()
    .optional()
    .meta({
      description: 'Null: the next login binds its MAC. `ignore`: any MAC is accepted.',
      examples: [null],
    }),
  loginPolicy: loginPolicy.optional(),
  confirmation: confirmation.optional(),
  timezone: timezone.optional(),
  mail: mail
    .optional()
    .meta({ description: 'The mail that the solution signs in with. 409 if another solution has it.' }),
  account: idOf
    .optional()
    .meta({ description: 'The account to which the solution and its data belong from now on.' }),
});

const secretRequest = z.strictObject({
  leaked: z.boolean().default(false).meta({
    description: 'True: the old secret and every token of the solution become invalid at once.',
  }),
});

const channel = z
  .object({
    statut: z.enum(['0', '1', '2']),
    sync: syncKey.nullable().meta({ description: 'The sync in progress; at status 0 the last one.' }),
    since: instant,
    lastSyncAt: instant.nullable().meta({
      description: 'When the last finished sync was confirmed.',
    }),
  })
  .meta({ id: 'ChannelStatus' });
const solution = z
  .object({
    id: z.string().meta({ examples: ['12'] }),
    mail: z.string().meta({ examples: ['petit.zinc@example.org'] }),
    name: z.string().meta({ examples: ['Le Petit Zinc'] }),
    account: z.object({
      id: z.string().meta({ examples: ['3'] }),
      name: z.string().meta({ examples: ['Restaurants Martin'] }),
    }),
    blocked: z.boolean(),
    locked: z.boolean().meta({ description: 'True: another device tried to sign in as this solution.' }),
    version: z
      .string()
      .nullable()
      .meta({ description: 'The version that the solution reports.', examples: ['4.12.0'] }),
    clockSkewSeconds: z
      .number()
      .nullable()
      .meta({
        description: "How far the solution's clock is ahead of the server's. Null: unknown.",
        examples: [-4],
      }),
    channels: z.record(z.enum(channels), channel),
    lastSyncAt: instant.nullable(),
    lastSyncAgeSeconds: z
      .number()
      .int()
      .nullable()
      .meta({ examples: [1260] }),
    alerts: z
      .number()
      .int()
      .meta({ description: 'The number of open ones.', examples: [0] }),
  })
  .meta({ id: 'Solution' });
const idsInDoubt = z.object({
  count: z.string().meta({ description: 'A decimal number.', examples: ['2'] }),
  ranges: z.array(z.tuple([z.string(), z.string()])).meta({
    description: 'The first 100 ranges, each with its first and last id.',
    examples: [[['41', '42']]],
  }),
});
const detail = solution
  .extend({
    mac: z
      .string()
      .nullable()
      .meta({
        description: 'Null: no MAC is bound yet. `ignore`: any MAC is accepted.',
        examples: ['00:1A:2B:3C:4D:5E'],
      }),
    loginPolicy,
    confirmation,
    timezone,
    refusedMac: z
      .object({ mac: z.string().meta({ examples: ['00:1A:2B:3C:4D:99'] }), at: instant })
      .nullable()
      .meta({
        description:
          'Under the policy `mac`: the MAC of the last other device that tried to sign in as this solution. Null: none did since staff last handled the MAC.',
      }),
    blockedAt: instant.nullable(),
    lockedAt: instant.nullable(),
    createdAt: instant,
    flags: z.array(
      z.object({
        channel: z.enum(channels),
        flag: z.enum(flags),
        setBy: z.string().meta({ examples: ['claire@example.org'] }),
        setAt: instant,
        sync: syncKey
          .nullable()
          .meta({ description: 'The sync that honours the flag. Null: none has begun yet.' }),
      }),
    ),
    quotas: solutionQuotas,
    findings: z.array(
      z.discriminatedUnion('kind', [
        z.object({
          kind: z.literal('no-secret').meta({ description: 'True: the solution signs in without a secret.' }),
          proof: z.enum(['nothing', 'mac']).meta({
            description:
              'What the solution shows instead of a secret. `nothing`: its mail alone signs it in. `mac`: its MAC, which is not a secret.',
          }),
        }),
        z.object({
          kind: z.enum(['silent-table', 'impossible-times', 'books-unbalanced']).meta({
            description:
              '`silent-table`: the table had rows and has had none for seven days, while its channel synchronises. `impossible-times`: within seven days, rows arrived that are dated before 2010 or more than a day after their receipt. `books-unbalanced`: the last check of the books found that stored rows are gone that nobody removed, or found rows that no upload brought.',
          }),
          table: z.string().meta({ examples: ['Tbfridge'] }),
          channel: z.enum(channels),
          since: instant.meta({
            description:
              'When the last row arrived; for `impossible-times`, the last such row; for `books-unbalanced`, the time of the check.',
          }),
          lost: idsInDoubt
            .optional()
            .meta({ description: 'For `books-unbalanced`: ids of rows that are gone.' }),
          unknown: idsInDoubt
            .optional()
            .meta({ description: 'For `books-unbalanced`: ids of rows that no upload brought.' }),
        }),
      ]),
    ),
  })
  .meta({ id: 'SolutionDetail' });
const changed = detail
  .extend({
    otherZoneReadings: otherZoneReadings.optional().meta({
      description:
        'If `timezone` was given: the number of stored readings that were read in another time zone.',
    }),
  })
  .meta({ id: 'ChangedSolution' });
const enrolled = z
  .object({
    id: z.string().meta({ examples: ['12'] }),
    mail: z.string().meta({ examples: ['petit.zinc@example.org'] }),
    secret: z.string().meta({
      description: 'The secret for the login of the solution. It is shown only once.',
      examples: ['5sWmVt0yG9qk3bXJc1uRaFh8LzPn7oEd2iKvTgYx4M0'],
    }),
  })
  .meta({ id: 'EnrolledSolution' });

export interface SolutionRouteServices {
  readonly solutions: SolutionService;
  readonly quotas: Pick<QuotaSettingsService, 'ofSolution'>;
  readonly otherZones: Pick<OtherZoneService, 'look'>;
}

export const createSolutionRoutes = ({ solutions, quotas, otherZones }: SolutionRouteServices): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions',
    id: 'listSolutions',
    tag: 'Solutions',
    summary: 'Lists the solutions',
    access: 'viewer',
    query,
    answers: { 200: json('A page of solutions.', pageOf(solution)) },
    async handle({ caller, query: asked }) {
      const page = await solutions.list(caller, filterOf(asked), pageOfQuery(asked));
      return reply(200, mapPage(page, solutionJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions',
    id: 'enrolSolution',
    tag: 'Solutions',
    summary: 'Adds a solution',
    access: 'manager',
    body: jsonBody(newSolution),
    answers: { 201: json('The solution, with its secret.', enrolled) },
    problems: { 409: ['already-exists'], 422: ['invalid-fields'] },
    async handle({ caller, body: { account, ...input } }) {
      const created = await solutions.create(caller, { ...input, accountId: account ?? null });
      return reply(201, enrolledJson(created));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}',
    id: 'getSolution',
    tag: 'Solutions',
    summary: 'Returns everything about a solution',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The solution.', detail, etagHeader) },
    async handle({ caller, params }) {
      const solution = await solutions.get(caller, params.id);
      return detailReply(solution, await quotas.ofSolution(caller, params.id));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/solutions/{id}',
    id: 'updateSolution',
    tag: 'Solutions',
    summary: 'Changes the settings of a solution',
    description:
      'Absent members stay as they are. `blocked: true`, `locked: false` and `mac: null` make the tokens of the solution invalid.',
    access: 'manager',
    params: { id: idParameter('solution') },
    headers: ifRevision,
    body: jsonBody(edit),
    answers: { 200: json('The solution.', changed, etagHeader) },
    problems: { 409: ['already-exists'], 412: ['stale'], 422: ['invalid-fields'] },
    async handle({ caller, params, headers, body }) {
      const changes = changesOf(body);
      const solution = await solutions.update(caller, params.id, changes, headers['if-match'] ?? null);
      const answer = detailReply(solution, await quotas.ofSolution(caller, params.id));
      if (body.timezone === undefined) return answer;
      const found = otherZoneJson(await otherZones.look(caller, params.id));
      return reply(200, { ...answer.body, otherZoneReadings: found }, answer.headers);
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/solutions/{id}',
    id: 'retireSolution',
    tag: 'Solutions',
    summary: 'Retires a solution',
    description:
      'The solution is hidden, its tokens stop working within a second, and its mail can be used again. Its data are kept until it is purged on the server (`epack solution purge`).',
    access: 'manager',
    params: { id: idParameter('solution') },
    answers: { 204: noContent('It is retired.') },
    async handle({ caller, params }) {
      await solutions.retire(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions/{id}/secret',
    id: 'replaceSecret',
    tag: 'Solutions',
    summary: 'Makes a new secret',
    description:
      'The old secret keeps working until the new one is first used, 24 h at most. If it has leaked, it becomes invalid at once, and with it every token of the solution.',
    access: 'manager',
    params: { id: idParameter('solution') },
    body: jsonBody(secretRequest, { isRequired: false }),
    answers: { 200: json('The new secret.', enrolled) },
    async handle({ caller, params, body }) {
      const made = await solutions.replaceSecret(caller, params.id, { isLeaked: body.leaked });
      return reply(200, enrolledJson(made));
    },
  }),
];

export const filterOf = ({ search, account, state }: z.output<typeof solutionFilter>): SolutionFilter => ({
  search: search ?? null,
  accountId: account ?? null,
  state: state ?? null,
});

const changesOf = ({ blocked, locked, account, ...others }: z.output<typeof edit>): SolutionChanges => ({
  ...others,
  isBlocked: blocked,
  isLocked: locked,
  accountId: account,
});

const enrolledJson = ({ id, mail, secret }: EnrolledSolution) => ({ id: String(id), mail, secret });

const detailReply = (solution: SolutionDetail, quotas: SolutionQuotaView) =>
  reply(
    200,
    { ...detailJson(solution), quotas: solutionQuotasJson(quotas) },
    { ETag: `"${solution.revision}"` },
  );

const solutionJson = (solution: ListedSolution) => ({
  id: String(solution.id),
  mail: solution.mail,
  name: solution.name,
  account: { id: String(solution.account.id), name: solution.account.name },
  blocked: solution.blockedAt !== null,
  locked: solution.lockedAt !== null,
  version: solution.version,
  clockSkewSeconds: solution.clockSkewSeconds,
  channels: channelsJson(solution),
  lastSyncAt: lastConfirmedOf(solution),
  lastSyncAgeSeconds: ageOf(lastConfirmedOf(solution)),
  alerts: solution.openAlerts,
});

const detailJson = (solution: SolutionDetail) => ({
  ...solutionJson(solution),
  mac: solution.mac,
  loginPolicy: solution.loginPolicy,
  confirmation: solution.confirmation,
  timezone: solution.timezone,
  refusedMac: solution.refusedMac,
  blockedAt: solution.blockedAt,
  lockedAt: solution.lockedAt,
  createdAt: solution.createdAt,
  flags: solution.flags.map(({ channel, flag, setBy, setAt, syncId }) => ({
    channel,
    flag,
    setBy,
    setAt,
    sync: syncId,
  })),
  findings: [...withoutSecretJson(solution), ...solution.findings.map(findingJson)],
});

const withoutSecretJson = (solution: SolutionDetail) =>
  solution.proof === 'secret' ? [] : [{ kind: 'no-secret' as const, proof: solution.proof }];

const findingJson = (finding: LogFinding) => {
  const { kind, table, since } = finding;
  return {
    ...{ kind, table: table.name, channel: table.channel, since },
    ...(finding.kind === 'books-unbalanced'
      ? { lost: idsJson(finding.lost), unknown: idsJson(finding.unknown) }
      : {}),
  };
};

const idsJson = ({ count, ranges }: IdsInDoubt) => ({
  count,
  ranges: ranges.map(([first, last]): [string, string] => [first, last]),
});

const channelsJson = ({ channels: known }: AdminSolution) => {
  const byName = known.map((one): [Channel, ReturnType<typeof channelJson>] => [
    one.channel,
    channelJson(one),
  ]);
  return Object.fromEntries(byName) as Record<Channel, ReturnType<typeof channelJson>>;
};

const channelJson = ({ statut, syncId, since, lastConfirmedAt }: AdminChannel) => ({
  statut: `${statut}` as const,
  sync: syncId,
  since,
  lastSyncAt: lastConfirmedAt,
});

/** The time of the last finished sync on any channel. */
function lastConfirmedOf({ channels }: AdminSolution): Date | null {
  const times = channels.flatMap(({ lastConfirmedAt }) =>
    lastConfirmedAt === null ? [] : [lastConfirmedAt],
  );
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

const ageOf = (time: Date | null) =>
  time === null ? null : Math.max(0, Math.round((Date.now() - time.getTime()) / 1000));
