import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { channels } from '../../../../shared/domain/channel';
import { flags } from '../../../../shared/domain/flag';
import { mayEdit } from '../../../../shared/domain/staff';
import type { SetFlag } from '../../../../shared/stores/solutions/flag-store';
import type { AdminChannel } from '../../../../shared/stores/solutions/solution-admin-store';
import { decode } from '../../../http/decode';
import { pathId } from '../../http/request-fields';
import type { FlagService } from '../../services/flags';
import type { QuotaSettingsService, SolutionQuotaView } from '../../services/quotas';
import type { SolutionDetail } from '../../services/solutions';
import type { SupportService, SupportView } from '../../services/support';
import { ActionForm, Age, Badge, Card, Empty, StatutBadge } from '../parts';
import type { FormKey } from '../form-key';
import type { Visit, Visiting } from '../visit';
import { Findings } from './findings';
import { FlagFields } from './flag-fields';
import { LastRefusal } from './quotas';
import { SolutionPage } from './solution-frame';
import { SyncTable } from './sync-table';

interface Services {
  readonly support: SupportService;
  readonly flags: Pick<FlagService, 'set' | 'clear'>;
  readonly quotas: Pick<QuotaSettingsService, 'ofSolution'>;
}

const flagForm = z.object({
  channel: z.enum(channels),
  flag: z.enum(flags),
  do: z.enum(['set', 'clear']),
});

/** One solution as it is now: what is wrong, and what to do. */
export function createSolutionPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const view = await services.support.look(visit.caller, id);
      return solutionPage(visit, view, await services.quotas.ofSolution(visit.caller, id));
    }),
  );

  router.post(
    '/solutions/:id/flags',
    visiting.form(async (caller, request) => {
      const solutionId = pathId(request, 'solution');
      const { channel, flag, do: deed } = decode(flagForm, request.body);
      await services.flags[deed](caller, { solutionId, channel }, flag);
      return `/solutions/${solutionId}?done=${deed === 'set' ? 'flag-set' : 'flag-cleared'}#flags`;
    }),
  );

  return router;
}

function solutionPage(visit: Visit, view: SupportView, quotas: SolutionQuotaView): VNode {
  const { words, caller } = visit;
  const { solution, findings, syncs } = view;
  const isBusy = solution.channels.some(({ statut }) => statut === 1);
  return (
    <SolutionPage visit={visit} solution={solution} tab="now">
      <div
        id="live"
        class="stack"
        hx-get={`/solutions/${solution.id}`}
        hx-select="#live"
        hx-target="this"
        hx-swap="outerHTML"
        hx-trigger={`every ${isBusy ? 2 : 15}s`}
      >
        <LastRefusal words={words} view={quotas} />
        <Findings visit={visit} solution={solution} findings={findings} />
        <p class="soft">
          {words.everythingOf}{' '}
          <a href={`/quarantine?solution=${solution.id}&state=all`}>{words.quarantine}</a>
          {' · '}
          <a href={`/conflicts?solution=${solution.id}&state=all`}>{words.conflicts}</a>
          {' · '}
          <a href={`/approvals?solution=${solution.id}&state=all`}>{words.approvals}</a>
          {' · '}
          <a href={`/audit?solution=${solution.id}`}>{words.audit}</a>
          {' · '}
          <a href={`/solutions/${solution.id}/quotas`}>{words.quotas}</a>
        </p>
        <ul class="channels" aria-label={words.channel}>
          {solution.channels.map((channel) => (
            <ChannelTile visit={visit} solution={solution} channel={channel} />
          ))}
        </ul>
        <Card
          title={words.lastSyncs}
          aside={<a href={`/solutions/${solution.id}/syncs`}>{words.allSyncs}</a>}
        >
          {syncs.length === 0 ? (
            <Empty title={words.noSyncs} />
          ) : (
            <SyncTable words={words} zone={solution.timezone} syncs={syncs} />
          )}
        </Card>
      </div>
      <FlagCard visit={visit} solution={solution} canEdit={mayEdit(caller)} />
    </SolutionPage>
  );
}

function ChannelTile({
  visit: { words },
  solution,
  channel: { channel, statut, syncId, since, lastConfirmedAt },
}: {
  visit: Visit;
  solution: SolutionDetail;
  channel: AdminChannel;
}): VNode {
  const zone = solution.timezone;
  return (
    <li class="card channel">
      <h2>{words.channels[channel]}</h2>
      <p>
        <StatutBadge words={words} statut={statut} />{' '}
        {statut !== 0 && (
          <span class="soft">
            <Age words={words} at={since} zone={zone} />
          </span>
        )}
      </p>
      <p class="soft">
        {lastConfirmedAt === null ? (
          words.neverFinished
        ) : (
          <>
            {words.lastFinished} <Age words={words} at={lastConfirmedAt} zone={zone} />
          </>
        )}
      </p>
      {syncId !== null && (
        <a href={`/syncs/${syncId}`}>
          {statut === 0 ? words.lastSync : words.syncUnderWay}
          <span class="visually-hidden"> ({words.channels[channel]})</span>
        </a>
      )}
    </li>
  );
}

const FlagCard = ({
  visit: { words, csrf },
  solution,
  canEdit,
}: {
  visit: Visit;
  solution: SolutionDetail;
  canEdit: boolean;
}): VNode => (
  <Card title={words.flags} id="flags">
    {solution.flags.length === 0 ? (
      <p class="soft">{words.noFlags}</p>
    ) : (
      <ul class="rows">
        {solution.flags.map((flag) => (
          <FlagRow words={words} csrf={csrf} solution={solution} flag={flag} canEdit={canEdit} />
        ))}
      </ul>
    )}
    {canEdit && (
      <ActionForm
        action={`/solutions/${solution.id}/flags`}
        csrf={csrf}
        class="filters"
        label={words.setFlag}
      >
        <input type="hidden" name="do" value="set" />
        <FlagFields words={words} />
        <button class="button">{words.setFlag}</button>
      </ActionForm>
    )}
  </Card>
);

interface FlagRowProps {
  readonly words: Visit['words'];
  readonly csrf: FormKey;
  readonly solution: SolutionDetail;
  readonly flag: SetFlag;
  readonly canEdit: boolean;
}

const FlagRow = ({
  words,
  csrf,
  solution,
  flag: { channel, flag, setBy, setAt, syncId },
  canEdit,
}: FlagRowProps): VNode => (
  <li>
    <div>
      <strong>{words.flagNames[flag]}</strong> · {words.channels[channel]}
      <p class="soft">
        {words.setByWhom(setBy)} <Age words={words} at={setAt} zone={solution.timezone} />
        {syncId !== null && (
          <>
            {' · '}
            <a href={`/syncs/${syncId}`}>{words.beingHonoured}</a>
          </>
        )}
      </p>
    </div>
    {canEdit ? (
      <ActionForm action={`/solutions/${solution.id}/flags`} csrf={csrf}>
        <input type="hidden" name="do" value="clear" />
        <input type="hidden" name="flag" value={flag} />
        <input type="hidden" name="channel" value={channel} />
        <button class="button quiet small" aria-label={words.clearFlag(words.flagNames[flag])}>
          {words.clear}
        </button>
      </ActionForm>
    ) : (
      <Badge tone="busy">{words.set}</Badge>
    )}
  </li>
);
