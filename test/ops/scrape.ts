import { call } from '../setup/solution-client';

export interface Scrape {
  readonly text: string;
  /** The value of the one series with these labels; undefined where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** Every metric that is declared, with the endings that its type gives its series. */
  readonly names: ReadonlySet<string>;
}

export const metricsToken = 'a-token-for-prometheus';

/** The text that Prometheus would read. */
export async function scrape(url: string, token: string | null = metricsToken): Promise<Scrape> {
  const answer = await call(`${url}/metrics`, {
    headers: token === null ? {} : { Authorization: `Bearer ${token}` },
  });
  if (answer.status !== 200) throw new Error(`No metrics: ${answer.status} ${answer.text}`);
  return scrapeOf(answer.text);
}

export function scrapeOf(text: string): Scrape {
  const series = text.split('\n').flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null) return [];
    const [, name = '', labels = '', value = ''] = found;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text = '']) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
  const declared = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return {
    text,
    value: (name, labels = {}) =>
      series.find(
        (one) =>
          one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
      )?.value,
    names: new Set(
      declared.flatMap(([, name = '', type]) =>
        type === 'histogram' ? ['', '_bucket', '_sum', '_count'].map((end) => name + end) : [name],
      ),
    ),
  };
}
