import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { confirmations, loginPolicies, solutionStates } from '../../../shared/domain/solution-settings';
import type {
  AdminChannel,
  AdminSolution,
  SolutionChanges,
  SolutionFilter,
} from '../../../shared/stores/solution-admin-store';
import { decode } from '../../http/decode';
import type {
  EnrolledSolution,
  ListedSolution,
  SolutionDetail,
  SolutionService,
} from '../services/solutions';
import { callerOf } from './authentication';
import { idOf, pageOfQuery, pageQuery, pathId, textOf } from './parameters';

const name = textOf(200);
const loginPolicy = z.enum(loginPolicies);
const confirmation = z.enum(confirmations);
const timezone = z.string().refine(isTimezone, 'is no IANA time zone, e.g. Europe/Paris');

/** What finds solutions, also for many at once. */
export const solutionFilter = z.object({
  search: textOf(200).optional(),
  account: idOf.optional(),
  state: z.enum(solutionStates).optional(),
});
const query = pageQuery(idOf).extend(solutionFilter.shape);
const newSolution = z.strictObject({
  mail: textOf(320),
  name,
  account: idOf.nullish(),
  loginPolicy: loginPolicy.default('secret'),
  confirmation: confirmation.default('explicit'),
  timezone: timezone.default('Europe/Paris'),
});
const edit = z.strictObject({
  name: name.optional(),
  blocked: z.boolean().optional(),
  locked: z.literal(false).optional(),
  mac: z.literal('ignore').nullable().optional(),
  loginPolicy: loginPolicy.optional(),
  confirmation: confirmation.optional(),
  timezone: timezone.optional(),
});

export function createSolutionRoutes(solutions: SolutionService): Router {
  const router = Router();

  router.get('/solutions', async (request, response) => {
    const decoded = decode(query, request.query);
    const page = await solutions.list(callerOf(request), filterOf(decoded), pageOfQuery(decoded));
    response.json(mapPage(page, solutionJson));
  });

  router.post('/solutions', async (request, response) => {
    const { account, ...input } = decode(newSolution, request.body ?? {});
    const enrolled = await solutions.create(callerOf(request), { ...input, accountId: account ?? null });
    response.status(201).json(enrolledJson(enrolled));
  });

  router.get('/solutions/:id', async (request, response) => {
    const solution = await solutions.get(callerOf(request), pathId(request, 'solution'));
    response.json(detailJson(solution));
  });

  router.patch('/solutions/:id', async (request, response) => {
    const id = pathId(request, 'solution');
    const changes = changesOf(decode(edit, request.body ?? {}));
    response.json(detailJson(await solutions.update(callerOf(request), id, changes)));
  });

  router.post('/solutions/:id/secret', async (request, response) => {
    const enrolled = await solutions.replaceSecret(callerOf(request), pathId(request, 'solution'));
    response.json(enrolledJson(enrolled));
  });

  return router;
}

export const filterOf = ({ search, account, state }: z.output<typeof solutionFilter>): SolutionFilter => ({
  search: search ?? null,
  accountId: account ?? null,
  state: state ?? null,
});

const changesOf = ({ blocked, locked, ...others }: z.output<typeof edit>): SolutionChanges => ({
  ...others,
  isBlocked: blocked,
  isLocked: locked,
});

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const enrolledJson = ({ id, mail, secret }: EnrolledSolution) => ({ id: String(id), mail, secret });

const solutionJson = (solution: ListedSolution) => ({
  id: String(solution.id),
  mail: solution.mail,
  name: solution.name,
  account: { id: String(solution.account.id), name: solution.account.name },
  blocked: solution.blockedAt !== null,
  locked: solution.lockedAt !== null,
  version: solution.version,
  clockSkewSeconds: solution.clockSkewSeconds,
  channels: Object.fromEntries(solution.channels.map((channel) => [channel.channel, channelJson(channel)])),
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
});

const channelJson = ({ statut, syncId, since, lastConfirmedAt }: AdminChannel) => ({
  statut: String(statut),
  sync: syncId,
  since,
  lastSyncAt: lastConfirmedAt,
});

/** Of the channel that finished a sync last. */
function lastConfirmedOf({ channels }: AdminSolution): Date | null {
  const times = channels.flatMap(({ lastConfirmedAt }) =>
    lastConfirmedAt === null ? [] : [lastConfirmedAt],
  );
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

const ageOf = (time: Date | null) =>
  time === null ? null : Math.max(0, Math.round((Date.now() - time.getTime()) / 1000));
