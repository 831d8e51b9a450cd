import { z } from 'zod';
import { file, json, type Operation } from '../http/operation';

// The responses of `routes.ts`.

const ofOperations = { method: 'get', tag: 'Operations', access: 'anyone' } as const;
const checks = z
  .object({
    database: z.boolean().meta({ examples: [true] }),
    queue: z.boolean().meta({ examples: [true] }),
    files: z.boolean().meta({ examples: [true] }),
    room: z.boolean().meta({ description: 'The file store takes more.', examples: [true] }),
    replica: z
      .object({
        isUsed: z.boolean().meta({ description: 'False: exports read the primary.', examples: [true] }),
        lagSeconds: z
          .number()
          .nullable()
          .meta({ description: 'Null: it cannot be reached.', examples: [0.4] }),
      })
      .nullable()
      .meta({ description: 'The standby that exports and reports read; null if there is none.' }),
  })
  .meta({ description: 'What is within reach.' });
const can = z
  .object({
    read: z.boolean().meta({ description: 'Polls, packages and pages.', examples: [true] }),
    receive: z.boolean().meta({ description: 'Uploads.', examples: [true] }),
  })
  .meta({ description: 'What this process can do just now.' });
const readiness = z
  .object({
    status: z
      .enum(['ready', 'not ready', 'stopping'])
      .meta({ description: '`stopping` is told to operators alone.' }),
    checks: checks.optional(),
    can: can.optional(),
  })
  .meta({ id: 'Readiness' });

export const opsOperations: readonly Operation[] = [
  {
    ...ofOperations,
    path: '/healthz',
    id: 'checkLife',
    summary: 'Says that this process is alive',
    answers: { 200: json('The process is alive.', z.object({ status: z.literal('ok') })) },
  },
  {
    ...ofOperations,
    path: '/readyz',
    id: 'checkReadiness',
    summary: 'Says whether database, queue and file store can be reached',
    description:
      'Anyone is told `ready` or `not ready`. With the bearer token of /metrics (EPACK_METRICS_TOKEN), or on a port of operations, `checks` and `can` tell more.',
    answers: {
      200: json('All can be reached.', readiness),
      503: json('One of them cannot be reached: send no traffic here now.', readiness),
    },
  },
  {
    ...ofOperations,
    path: '/metrics',
    id: 'readMetrics',
    summary: 'Returns metrics for Prometheus',
    description:
      'Behind a bearer token of its own (EPACK_METRICS_TOKEN); without one it is not here, but on a port of its own.',
    answers: { 200: file('In the text format of Prometheus.', ['text/plain']) },
    problems: { 401: ['unauthorized'], 404: ['not-found'] },
  },
];
