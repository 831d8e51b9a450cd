import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { knownZone } from '../../../../shared/domain/known-zone';
import type { Probe } from '../../../../shared/stores/logs/temperature-store';
import { decode } from '../../../http/decode';
import { pathId, textOf } from '../../http/request-fields';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import type { Temperatures, TemperatureService } from '../../services/temperatures';
import { blankless } from '../form-input';
import { dayText, durationText, numberText } from '../format';
import { Age, Badge, Card, Empty, Field, Select, Table } from '../parts';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { AlertTable } from './alert-table';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly temperatures: TemperatureService;
}

const shownDays = [1, 7, 30, 90] as const;
const query = z.object({
  probe: textOf(200).optional(),
  days: z.coerce.number().int().min(1).max(366).default(7),
});
const seriesQuery = query.extend({ probe: textOf(200) });

/** Temperatures against their limits: a chart, and a table that says the same. */
export function createTemperaturePageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/temperatures',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const { probe, days } = decode(query, blankless(request.query));
      const solution = await services.solutions.get(visit.caller, id);
      const probes = await services.temperatures.probes(visit.caller, id);
      const probeId = probe ?? probes.find(({ lastAt }) => lastAt !== null)?.probeId;
      const shown =
        probeId === undefined
          ? null
          : await services.temperatures.days(visit.caller, { solutionId: id, probeId, days });
      return temperaturesPage(visit, solution, { probes, shown, days });
    }),
  );

  router.get(
    '/solutions/:id/temperatures/series',
    visiting.data(async (caller, request, response) => {
      const solutionId = pathId(request, 'solution');
      const { probe: probeId, days } = decode(seriesQuery, blankless(request.query));
      const { probe, bucketSeconds, buckets, alerts } = await services.temperatures.series(caller, {
        solutionId,
        probeId,
        days,
      });
      response.json({
        min: probe.min,
        max: probe.max,
        bucketSeconds,
        points: buckets.map(({ at, low, mean, high }) => [at, low, mean, high]),
        alerts: alerts.map(({ kind, since, closedAt }) => ({
          kind,
          from: since.getTime() / 1000,
          to: closedAt === null ? null : closedAt.getTime() / 1000,
        })),
      });
    }),
  );

  return router;
}

interface TemperaturesView {
  readonly probes: readonly Probe[];
  /** Null: there is no probe. */
  readonly shown: Temperatures | null;
  readonly days: number;
}

function temperaturesPage(
  visit: Visit,
  solution: SolutionDetail,
  { probes, shown, days }: TemperaturesView,
): VNode {
  const { words } = visit;
  const path = `/solutions/${solution.id}/temperatures`;
  return (
    <SolutionPage visit={visit} solution={solution} tab="temperatures" hasCharts={shown !== null}>
      {shown === null ? (
        <Empty title={words.noProbes}>{words.noProbesAdvice}</Empty>
      ) : (
        <>
          <form method="get" action={path} class="filters">
            <Field label={words.probe} class="grow">
              <Select
                name="probe"
                value={shown.probe.probeId}
                options={probes.map((probe) => [probe.probeId, probeText(probe)] as const)}
              />
            </Field>
            <Field label={words.period}>
              <Select
                name="days"
                value={String(days)}
                options={shownDays.map((count) => [String(count), words.lastDays(count)] as const)}
              />
            </Field>
            <button class="button quiet">{words.show}</button>
          </form>
          <Chart words={words} solution={solution} shown={shown} days={days} />
          <DayTable words={words} shown={shown} />
          {shown.alerts.length > 0 && (
            <Card title={words.alerts}>
              <AlertTable visit={visit} alerts={shown.alerts} names={null} zone={solution.timezone} />
            </Card>
          )}
          <ProbeTable words={words} solution={solution} probes={probes} />
        </>
      )}
    </SolutionPage>
  );
}

const probeText = ({ probeId, fridgeName }: Probe) =>
  fridgeName === null ? probeId : `${fridgeName} (${probeId})`;

/** Drawn by a script; the table below says the same without one. */
function Chart({
  words,
  solution,
  shown: { probe },
  days,
}: {
  words: Words;
  solution: SolutionDetail;
  shown: Temperatures;
  days: number;
}): VNode {
  const series = new URLSearchParams({ probe: probe.probeId, days: String(days) });
  return (
    <Card
      title={probe.fridgeName ?? probe.probeId}
      aside={<Limits words={words} probe={probe} />}
      class="chart-card"
    >
      <figure
        class="chart"
        data-chart={`/solutions/${solution.id}/temperatures/series?${series.toString()}`}
        data-zone={knownZone(solution.timezone)}
        data-language={words.locale}
        data-temperature={words.temperature}
        data-lowest={words.lowest}
        data-highest={words.highest}
        data-time={words.time}
        data-failed={words.chartFailed}
        data-empty={words.noReadingsThen}
        role="img"
        aria-label={words.chartOf(probeText(probe))}
      >
        <p class="chart-note soft" data-loading={words.loading}>
          {words.chartNeedsScript}
        </p>
      </figure>
      <ul class="legend" aria-hidden="true">
        <li class="line">{words.temperature}</li>
        <li class="band">{words.lowestToHighest}</li>
        <li class="limit">{words.limit}</li>
        <li class="alert">{words.alerts}</li>
        <li class="gap">{words.gap}</li>
      </ul>
    </Card>
  );
}

const Limits = ({ words, probe }: { words: Words; probe: Probe }): VNode => (
  <span class="soft">
    {probe.min === null && probe.max === null
      ? words.noLimits
      : `${words.limits}${words.colon}${rangeText(words, probe)}`}
  </span>
);

function rangeText(words: Words, { min, max }: Probe): string {
  const degrees = (value: number | null) => (value === null ? '–' : `${numberText(words, value, 1)} °C`);
  return min === null && max === null ? '–' : `${degrees(min)} … ${degrees(max)}`;
}

const DayTable = ({ words, shown }: { words: Words; shown: Temperatures }): VNode => (
  <Card title={words.dayByDay}>
    {shown.days.length === 0 ? (
      <Empty title={words.noReadingsThen} />
    ) : (
      <Table
        label={words.dayByDay}
        columns={[
          words.day,
          { label: words.lowest, isNumber: true },
          { label: words.mean, isNumber: true },
          { label: words.highest, isNumber: true },
          { label: words.readings, isNumber: true },
          { label: words.outOfLimits, isNumber: true },
        ]}
      >
        {shown.days.map(({ day, low, mean, high, readings, outside }) => (
          <tr>
            <th scope="row">
              <time dateTime={day}>{dayText(words, day)}</time>
            </th>
            <td class="number">{numberText(words, low, 1)} °C</td>
            <td class="number">{numberText(words, mean, 1)} °C</td>
            <td class="number">{numberText(words, high, 1)} °C</td>
            <td class="number soft">{numberText(words, readings)}</td>
            <td class={outside > 0 ? 'number bad' : 'number soft'}>{numberText(words, outside)}</td>
          </tr>
        ))}
      </Table>
    )}
  </Card>
);

const ProbeTable = ({
  words,
  solution,
  probes,
}: {
  words: Words;
  solution: SolutionDetail;
  probes: readonly Probe[];
}): VNode => (
  <Card title={words.allProbes}>
    <Table
      label={words.allProbes}
      columns={[words.probe, { label: words.lastReading, isNumber: true }, words.limits, words.state]}
    >
      {probes.map((probe) => (
        <tr>
          <th scope="row">
            <a href={`/solutions/${solution.id}/temperatures?probe=${encodeURIComponent(probe.probeId)}`}>
              {probe.fridgeName ?? probe.probeId}
            </a>
            <span class="under">{probe.probeId}</span>
          </th>
          <td class="number">
            {probe.lastTemperature === null ? '–' : `${numberText(words, probe.lastTemperature, 1)} °C`}
            <span class="under">
              {probe.lastAt === null ? (
                words.never
              ) : (
                <Age words={words} at={probe.lastAt} zone={solution.timezone} />
              )}
            </span>
          </td>
          <td class="soft">{rangeText(words, probe)}</td>
          <td>
            <ProbeBadge words={words} probe={probe} />
          </td>
        </tr>
      ))}
    </Table>
  </Card>
);

function ProbeBadge({ words, probe }: { words: Words; probe: Probe }): VNode {
  const { lastTemperature, min, max } = probe;
  if (lastTemperature === null) return <Badge tone="calm">{words.neverHeard}</Badge>;
  const isWarm = max !== null && lastTemperature > max;
  const isCold = min !== null && lastTemperature < min;
  if (!isWarm && !isCold) return <Badge tone="good">{words.withinLimits}</Badge>;
  if (probe.isInAlert) return <Badge tone="bad">{isWarm ? words.tooWarm : words.tooCold}</Badge>;
  return (
    <Badge tone="busy">{(isWarm ? words.aboveLimit : words.belowLimit)(outsideText(words, probe))}</Badge>
  );
}

/** Null: for less than a minute, as far as is known. */
function outsideText(words: Words, { outsideSince, lastAt }: Probe): string | null {
  const seconds = ((lastAt?.getTime() ?? 0) - (outsideSince?.getTime() ?? Infinity)) / 1000;
  return seconds < 60 ? null : durationText(words, seconds);
}
