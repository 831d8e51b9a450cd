import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { holdReasons } from '../../../shared/domain/successor';
import { mapPage } from '../../../shared/domain/page';
import { invalidFields } from '../../../shared/errors/catalog';
import type { PairApproval } from '../../../shared/stores/pairs/pair-inbox-store';
import type { Approval } from '../../../shared/stores/parameters/approval-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { ApprovalService } from '../services/approvals';
import type { PairInboxService } from '../services/pair-inbox';
import { bigIdParameter, pageOfQuery, solutionKey, syncKey } from '../http/request-fields';
import { listBoth } from '../http/lists-of-both';
import { queryOfSolution } from './listed-by-state';
import { staffRoute } from './staff-route';
import { nameOf } from './systems';

const states = ['open', 'approved', 'rejected', 'superseded'] as const;
const query = queryOfSolution.extend({
  pair: nameOf.optional().meta({ description: 'A pair of systems, by name.' }),
  state: z.enum([...states, 'all']).default('open'),
});
const heldKinds = ['deletions', 'file-limit', 'changes'] as const;
const documentPath = z.string().min(1).max(8_000);
const decision = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  folder: documentPath.optional().meta({
    description:
      'For a pair of documents: the path of a folder or of a document from the root of the pair, without a slash at its end. Only it, and what waits below it, is decided; the rest still waits.',
    examples: ['Akten/2025'],
  }),
  kind: z.enum(heldKinds).optional().meta({
    description:
      'For a pair: only what waits for this reason is decided. `file-limit`: files that are larger than one may be. `changes`: all other changes.',
  }),
});
const counts = z
  .partialRecord(z.enum(heldKinds), z.number().int())
  .meta({ description: 'How many documents wait for each reason.', examples: [{ deletions: 12 }] });
const heldTree = z
  .object({
    counts,
    folders: pageOf(z.object({ name: z.string().meta({ examples: ['2025'] }), counts })).meta({
      description: 'The folders right in the folder in which something waits, with what waits below them.',
    }),
    lines: pageOf(
      z.object({
        path: z
          .string()
          .nullable()
          .meta({ description: 'From the root of the pair. Null: its folder is not known.' }),
        kind: z.enum(heldKinds),
        side: z.enum(['here', 'there']),
        key: z.string(),
        link: z.string().nullable(),
      }),
    ).meta({ description: 'What waits right in the folder.' }),
  })
  .meta({ id: 'HeldFolder' });
const heldQuery = z.object({
  folder: documentPath.optional().meta({ description: 'Its path. If absent: the root of the pair.' }),
  foldersAfter: z.string().max(8_000).optional().meta({ description: '`folders.next` of the page before.' }),
  linesAfter: z.string().max(8_000).optional().meta({ description: '`lines.next` of the page before.' }),
});
const heldRows = 100;
const approval = z
  .object({
    id: z.string().meta({ examples: ['5'] }),
    solution: solutionKey,
    sync: syncKey,
    channel: z.enum(channels),
    class: z.string().meta({ examples: ['Fridges'] }),
    kind: z.enum(['deletes', 'replace', 'changes', 'replace-logs']).meta({
      description:
        '`deletes`: the solution deleted the entities. `replace`: it replaces everything and no longer has them. `changes`: it changed or added more than one sync may. `replace-logs`: it no longer has readings of the table that `class` names, or has them with other content.',
    }),
    reason: z
      .enum(holdReasons)
      .nullable()
      .meta({
        description:
          'Why `changes` wait. `first-upload`: it is the first upload after the MAC was forgotten. `many-changes`: more than half of a class of more than ten would change. `resend`, `drift`: the class is about to be sent again, and the solution holds something else. Null: it is more than the class allows.',
        examples: ['many-changes'],
      }),
    plan: z
      .array(
        z.object({
          id: z.string().meta({ examples: ['1532500000123'] }),
          version: z
            .number()
            .int()
            .meta({
              description: 'The version of the manager’s copy. 0: the manager has none.',
              examples: [3],
            }),
          sent: z
            .object({
              isActive: z.boolean(),
              fields: z.record(z.string(), z.unknown()),
              ts: z.string().nullable(),
            })
            .optional()
            .meta({ description: 'For `changes`: the copy that the solution sent.' }),
        }),
      )
      .readonly()
      .meta({
        description:
          'The entities that would be deleted or changed. The decision is valid only for these versions.',
      }),
    state: z.enum(states),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
    appliedAt: instant.nullable().meta({ description: 'When a worker carried out the decision.' }),
    applied: z
      .number()
      .int()
      .nullable()
      .meta({
        description: 'The number of entities that were deleted, changed or restored.',
        examples: [14],
      }),
    released: z
      .number()
      .int()
      .nullable()
      .meta({
        description:
          'The number of entities that changed after the plan was made; they are planned again at the next sync.',
        examples: [0],
      }),
    logRows: z
      .object({ deleted: z.number().int(), replaced: z.number().int() })
      .nullable()
      .meta({
        description:
          'For `replace-logs`: how many readings would be deleted, and how many replaced. The plan shows the first 1,000. A worker does it within seconds after the approval.',
        examples: [{ deleted: 120, replaced: 3 }],
      }),
  })
  .meta({ id: 'Approval' });
const pairApproval = z
  .object({
    id: z.string().meta({ examples: ['6'] }),
    pair: nameOf,
    kind: z.enum(['deletions', 'changes']),
    digest: z.string().meta({ description: 'The number of all that are held for the approval.' }),
    entities: z.number().int(),
    reason: z.string().nullable(),
    state: z.enum(states),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
    appliedAt: instant.nullable(),
    applied: z.number().int().nullable(),
    released: z.number().int().nullable(),
    partOf: z
      .string()
      .nullable()
      .meta({
        description:
          'The approval that it was a part of: someone decided about one folder or one kind of what waited for it. Null: it is about all that waited.',
        examples: ['5'],
      }),
    items: z
      .array(z.object({ side: z.string(), key: z.string(), link: z.string().nullable() }))
      .readonly()
      .meta({ description: 'The first 200 that are held for the approval.' }),
  })
  .meta({ id: 'PairApproval' });
const anyApproval = z.union([approval, pairApproval]);

export const createApprovalRoutes = (approvals: ApprovalService, inbox: PairInboxService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/approvals',
    id: 'listApprovals',
    tag: 'Approvals',
    summary: 'Lists the changes above a limit, of solutions and of pairs, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of approvals.', pageOf(anyApproval)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query }) {
      const page = await listBoth<(typeof states)[number], z.input<typeof anyApproval>>(
        query,
        pageOfQuery(query),
        {
          ofSolutions: async (filter, asked) =>
            mapPage(await approvals.list(caller, filter, asked), approvalJson),
          ofPairs: async (filter, asked) =>
            mapPage(await inbox.approvals(caller, filter, asked), pairApprovalJson),
        },
      );
      return reply(200, page);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/approvals/{id}/held',
    id: 'getHeldWork',
    tag: 'Approvals',
    summary: 'Lists what waits for the approval of a pair of documents, folder by folder',
    access: 'viewer',
    params: { id: bigIdParameter('approval') },
    query: heldQuery,
    answers: { 200: json('One folder.', heldTree) },
    problems: { 404: ['not-found'] },
    async handle({ caller, params, query: { folder, foldersAfter, linesAfter } }) {
      const { counts, folders, lines } = await inbox.heldTree(caller, params.id, {
        folder: folder ?? '',
        folders: { limit: heldRows, after: foldersAfter ?? null },
        lines: { limit: heldRows, after: linesAfter ?? null },
      });
      return reply(200, { counts, folders, lines });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/approvals/{id}',
    id: 'decideApproval',
    tag: 'Approvals',
    summary: 'Approves or rejects',
    description:
      'Entities that changed after the plan was made are planned again at the next sync. For a pair, `folder` and `kind` choose a part of what waits: that part becomes a decided approval of its own, which is returned, and the rest still waits. 404: nothing of that part waits.',
    access: 'manager',
    params: { id: bigIdParameter('approval') },
    body: jsonBody(decision),
    answers: { 200: json('The decision, which a worker carries out within seconds.', anyApproval) },
    problems: { 409: ['already-decided'] },
    async handle({ caller, params, body }) {
      if ((await inbox.findApproval(caller, params.id)) !== null)
        return reply(200, pairApprovalJson(await inbox.decideApproval(caller, params.id, body)));
      if (body.folder !== undefined || body.kind !== undefined)
        throw invalidFields([
          {
            field: body.folder === undefined ? 'kind' : 'folder',
            fault: { code: 'other', text: 'only for pairs' },
          },
        ]);
      return reply(200, approvalJson(await approvals.decide(caller, params.id, body.decision)));
    },
  }),
];

const approvalJson = ({ solutionId, syncId, className, ...approval }: Approval) => ({
  ...approval,
  solution: String(solutionId),
  sync: syncId,
  class: className,
});

const pairApprovalJson = ({ pairId: _pairId, items, ...rest }: PairApproval) => ({
  ...rest,
  items: items.map(({ side, key, link }) => ({ side, key, link })),
});
