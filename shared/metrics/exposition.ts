// The text format of Prometheus, as far as the library does not write it.
// Source: prometheus.io, Exposition formats, text-based format 0.0.4.

/** One series of a histogram. */
export interface HistogramRow {
  readonly labels: Readonly<Record<string, string>>;
  /** The buckets in ascending order, with the number of values up to each limit. Larger values are only in `count`. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

export function computedHistogram(name: string, help: string, rows: readonly HistogramRow[]): string {
  const lines = rows.flatMap(({ labels, buckets, sum, count }) => [
    ...buckets.map(
      (bucket) => `${name}_bucket${written({ ...labels, le: String(bucket.le) })} ${bucket.count}`,
    ),
    `${name}_bucket${written({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${written(labels)} ${sum}`,
    `${name}_count${written(labels)} ${count}`,
  ]);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...lines].join('\n');
}

/** Several answers as one: the lines of one metric must stand together, under one heading. */
export function mergeExpositions(texts: readonly string[]): string {
  const metrics = new Map<string, { readonly headings: string[]; readonly samples: string[] }>();
  for (const text of texts) {
    const known = new Set(metrics.keys());
    let name = '';
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const heading = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      name = heading ?? name;
      const metric = metrics.get(name) ?? { headings: [], samples: [] };
      metrics.set(name, metric);
      if (heading === undefined) metric.samples.push(line);
      else if (!known.has(name)) metric.headings.push(line);
    }
  }
  return [...metrics.values()].flatMap(({ headings, samples }) => [...headings, ...samples, '']).join('\n');
}

const written = (labels: Readonly<Record<string, string>>) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
