import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { settings } from '../../shared/config/settings';
import { createLogger } from '../../shared/log';
import { startWorker } from '../../worker/compose';
import { eventually } from '../queue/eventually';
import { addInstance } from '../sosync/instance';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn } from '../v4/on-server';
import { metricsToken, scrape } from './scrape';

// The dashboard and the rules as they are given away: what they ask for must be told.

const folder = path.resolve(__dirname, '../../docs/operations');
const read = (name: string): unknown => parse(readFileSync(path.join(folder, name), 'utf8'));

const dashboard = z
  .object({
    uid: z.string(),
    schemaVersion: z.number(),
    panels: z.array(
      z.object({
        id: z.number(),
        title: z.string().min(3),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        targets: z.array(z.object({ refId: z.string(), expr: z.string() })).min(1),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(path.join(folder, 'grafana-dashboard.json'), 'utf8')));

const rules = z
  .object({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z
            .strictObject({
              alert: z.string().regex(/^Epack[A-Z]\w+$/),
              expr: z.string(),
              for: z
                .string()
                .regex(/^\d+[smhd]$/)
                .optional(),
              labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
              annotations: z.strictObject({ summary: z.string(), advice: z.string() }),
            })
            .or(z.strictObject({ record: z.string().regex(/^epack:\w+:\w+$/), expr: z.string() })),
        ),
      }),
    ),
  })
  .parse(read('prometheus-alerts.yml'))
  .groups.flatMap(({ rules: all }) => all);
const alerts = rules.filter((rule) => 'alert' in rule);

const expressions = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ...rules.map((rule) => ['alert' in rule ? rule.alert : rule.record, rule.expr] as const),
];

/** The metrics of an expression, and the labels in its selectors and groupings. */
function askedOf(expression: string): { metrics: string[]; labels: string[] } {
  const metrics = [...expression.matchAll(/\b(?:epack|process|nodejs)_\w+/g)].map(([name]) => name);
  const matchers = [...expression.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
  const groupings = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(/,\s*/),
  );
  return { metrics, labels: [...matchers, ...groupings] };
}

describe('the dashboard and the alert rules', () => {
  const server = onServer({ EPACK_METRICS_TOKEN: metricsToken });
  let told: { readonly names: ReadonlySet<string>; readonly text: string };

  beforeAll(async () => {
    const log = createLogger({ level: 'silent', name: 'worker' });
    const worker = await startWorker({ ...server().config, workerPort: 0 }, server().databaseUrl, log);
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    await client.postForm(Buffer.from('no zip'));
    await addInstance(server().db);
    await server().db('sosync_worker').insert({ instance: 'dadi', kind: 'job' });
    const workerUrl = `http://127.0.0.1:${worker.port ?? 0}`;
    // Committed work is counted a moment later.
    await eventually('the sync is counted', async () =>
      (await scrape(workerUrl)).text.includes('epack_sync_processing_seconds_count{'),
    );
    const [api, fromWorker] = [await scrape(server().url), await scrape(workerUrl)];
    told = { names: new Set([...api.names, ...fromWorker.names]), text: api.text + fromWorker.text };
    await worker.stop();
  });

  test.each(expressions)('%s uses only series that exist: %s', (_title, expression) => {
    const { metrics, labels } = askedOf(expression);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => !told.names.has(name))).toEqual([]);
    // `instance` is Prometheus' own.
    const known = (label: string) => label === 'instance' || new RegExp(`[{,]${label}="`).test(told.text);
    expect(labels.filter((label) => !known(label))).toEqual([]);
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split(''))) {
      expect(expression.split(open ?? '').length).toBe(expression.split(close ?? '').length);
    }
  });

  test('every metric of the server is shown', () => {
    const shown = new Set(expressions.flatMap(([, expression]) => askedOf(expression).metrics));
    const declared = [...told.text.matchAll(/^# TYPE (epack_\w+)/gm)].map(([, name = '']) => name);
    const isShown = (name: string) =>
      [...shown].some((one) => one.replace(/_(bucket|count|sum)$/, '') === name);
    expect(declared.filter((name) => !isShown(name))).toEqual([]);
  });

  test('no two panels overlap, and no two alerts have the same name', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  test('the advice of an alert names a symptom in docs/operations.md and an existing setting', () => {
    const page = readFileSync(path.resolve(folder, '../operations.md'), 'utf8').replaceAll('`', '');
    for (const { annotations } of alerts) {
      for (const [, symptom = ''] of annotations.advice.matchAll(/"([^"]+)"/g))
        expect(page).toContain(symptom);
      for (const [name] of annotations.advice.matchAll(/EPACK_\w+/g))
        expect(name in settings.shape).toBe(true);
    }
  });

  test('the example for Prometheus uses the ports of the Compose file, and loads the rules', () => {
    const asked = z
      .object({
        rule_files: z.array(z.string()),
        scrape_configs: z.array(
          z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
        ),
      })
      .parse(read('prometheus-scrape.yml'));
    for (const file of asked.rule_files) expect(existsSync(path.join(folder, file))).toBe(true);
    const compose = readFileSync(path.resolve(folder, '../../docker-compose.yml'), 'utf8');
    const targets = asked.scrape_configs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    for (const target of targets) expect(compose).toContain(target.split(':')[1] ?? '');
  });
});
