import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { rolloutSolutionStates } from '../../../../shared/domain/rollout';
import { mayEdit } from '../../../../shared/domain/staff';
import type { Rollout } from '../../../../shared/stores/rollouts/rollout-store';
import { decode } from '../../../http/decode';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathText } from '../../http/request-fields';
import type { RolloutDetail, RolloutService } from '../../services/rollouts';
import { notFound, unknownRoute } from '../../../../shared/errors/catalog';
import type { Caller } from '../../../../shared/domain/staff';
import { blankless } from '../form-input';
import { Page } from '../layout';
import { Age, Empty, Pager, Table } from '../parts';
import { problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import { planOfForm, rolloutFormPage } from './rollout-form';
import { changeText, rolloutPage, RolloutBadge } from './rollout';

interface Services {
  readonly rollouts: RolloutService;
}

const listQuery = pageQuery(bigIdOf);
const newQuery = z.object({ kind: z.enum(['flag', 'settings']).default('flag') });
const memberQuery = pageQuery(idOf).extend({ state: z.enum(rolloutSolutionStates).optional() });
const waveForm = z.object({ wave: z.coerce.number().int().min(1) });

/** Changes for many solutions in waves: planned, followed and steered. */
export function createRolloutPageRoutes({ rollouts }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/rollouts',
    visiting.page(async (visit, request) => {
      const page = pageOfQuery(decode(listQuery, blankless(request.query)));
      return listPage(visit, await rollouts.list(visit.caller, null, page));
    }),
  );

  router.get(
    '/rollouts/new',
    visiting.page((visit, request) =>
      Promise.resolve(rolloutFormPage(visit, decode(newQuery, blankless(request.query)).kind, null)),
    ),
  );

  router.post(
    '/rollouts',
    visiting.form(
      async (caller, request) => `/rollouts/${(await rollouts.plan(caller, planOfForm(request.body))).id}`,
      (visit, request, problem) => {
        const kind = newQuery.safeParse(blankless(request.body)).data?.kind ?? 'flag';
        return Promise.resolve(rolloutFormPage(visit, kind, problemTextOf(visit.words, problem)));
      },
    ),
  );

  router.get(
    '/rollouts/:id',
    visiting.page(async (visit, request) => {
      const id = idIn(pathText(request, 'id'));
      const { state = null, ...paging } = decode(memberQuery, blankless(request.query));
      const rollout = await rollouts.get(visit.caller, id);
      const filter = { wave: null, state };
      const members = await rollouts.solutions(visit.caller, id, filter, pageOfQuery(paging));
      return rolloutPage(visit, rollout, { members, state });
    }),
  );

  router.post(
    '/rollouts/:id/:deed',
    visiting.form(async (caller, request) => {
      const id = idIn(pathText(request, 'id'));
      await steer(caller, id, pathText(request, 'deed'), request.body);
      return `/rollouts/${id}?done=saved`;
    }),
  );

  return router;

  function steer(caller: Caller, id: string, deed: string, body: unknown): Promise<RolloutDetail> {
    switch (deed) {
      case 'approve':
        return rollouts.approve(caller, id, decode(waveForm, blankless(body)).wave);
      case 'pause':
        return rollouts.pause(caller, id);
      case 'resume':
        return rollouts.resume(caller, id);
      case 'cancel':
        return rollouts.cancel(caller, id);
      default:
        throw unknownRoute();
    }
  }
}

function idIn(text: string): string {
  const id = bigIdOf.safeParse(text);
  if (!id.success) throw notFound('rollout');
  return id.data;
}

function listPage(visit: Visit, { items, next }: ListPage<Rollout>): VNode {
  const { words, caller } = visit;
  const columns = [words.name, words.state, words.rolloutProgress, words.rolloutChange];
  return (
    <Page
      visit={visit}
      title={words.rollouts}
      subtitle={words.rolloutsMeaning}
      aside={
        mayEdit(caller) ? (
          <a class="button" href="/rollouts/new">
            {words.newRollout}
          </a>
        ) : undefined
      }
    >
      {items.length === 0 ? (
        <Empty title={words.noRollouts} />
      ) : (
        <Table label={words.rollouts} columns={columns} fit="stacks">
          {items.map((rollout) => (
            <RolloutRow visit={visit} rollout={rollout} />
          ))}
        </Table>
      )}
      <Pager words={words} base="/rollouts" next={next} />
    </Page>
  );
}

function RolloutRow({ visit: { words }, rollout }: { visit: Visit; rollout: Rollout }): VNode {
  const all = Object.values(rollout.counts).reduce((sum, count) => sum + count, 0);
  return (
    <tr>
      <th scope="row" class="wrap">
        <a href={`/rollouts/${rollout.id}`}>{rollout.name}</a>
        <span class="under">
          {words.plannedBy(rollout.createdBy)} · <Age words={words} at={rollout.createdAt} />
        </span>
      </th>
      <td data-label={words.state}>
        <RolloutBadge words={words} state={rollout.state} />
      </td>
      <td data-label={words.rolloutProgress}>{words.confirmedOf(rollout.counts.confirmed, all)}</td>
      <td data-label={words.rolloutChange} class="wrap">
        {changeText(words, rollout.change)}
      </td>
    </tr>
  );
}
