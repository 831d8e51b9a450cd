import { z } from 'zod';
import { json, jsonBody } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { idParameter } from '../http/request-fields';
import type { TemplateRolloutService } from '../services/template-rollouts';
import { rolloutDetail, rolloutDetailJson, rolloutRules, wavePercents } from './rollouts';
import { staffRoute } from './staff-route';

const plan = z.strictObject({ waves: wavePercents, ...rolloutRules });

/** A template goes out in waves. */
export const createTemplateRolloutRoutes = (rollouts: TemplateRolloutService): Route[] => [
  staffRoute({
    tag: 'Templates',
    path: '/api/templates/{id}/rollouts',
    params: { id: idParameter('template') },
    method: 'post',
    id: 'planTemplateRollout',
    summary: 'Plans to send a template to the kitchens that follow it, in waves',
    description:
      'Nothing is sent before the plan is approved. It brings what the template holds now; what a kitchen changes before its wave stays its own. Kitchens in which nothing would change are not in it, and a kitchen that leaves the template before its wave is skipped.',
    access: 'manager',
    body: jsonBody(plan),
    answers: { 201: json('The plan.', rolloutDetail) },
    problems: { 422: ['invalid-fields'] },
    async handle({ caller, params, body: { waves, approval, ...limits } }) {
      const rules = { ...limits, needsApproval: approval };
      const planned = await rollouts.plan(caller, params.id, { wavePercents: waves, rules });
      return reply(201, rolloutDetailJson(planned));
    },
  }),
];
