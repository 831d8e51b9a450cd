import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { computedHistogram, type HistogramRow } from './exposition';

// The door to prom-client.

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The metrics of a process for Prometheus. A metric's labels are named once, at its declaration. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): (labels: Labels, by?: number) => void;
  /** Its value is read when someone asks: for what is counted elsewhere, by a plain integer. */
  countedElsewhere(name: string, help: string, read: () => number, labels?: Labels): void;
  /** `observe(labels, value)`. */
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
    buckets: readonly number[],
  ): (labels: Labels, value: number) => void;
  /** It is read at each scrape. If `read` fails, the scrape leaves it out. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void;
  /** A histogram that the database has counted. */
  computed(name: string, help: string, read: () => Promise<readonly HistogramRow[]>): void;
  /** In the text format of Prometheus 0.0.4. */
  text(): Promise<string>;
}

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const computed: (() => Promise<string>)[] = [];

  return {
    counter(name, help, labels = []) {
      const counter = new Counter({ name, help, labelNames: [...labels], registers: [registry] });
      return (values, by = 1) => counter.inc({ ...values }, by);
    },
    countedElsewhere(name, help, read, labels = {}) {
      new Counter({
        name,
        help,
        labelNames: Object.keys(labels),
        registers: [registry],
        collect() {
          this.reset();
          this.inc({ ...labels }, read());
        },
      });
    },
    histogram(name, help, labels, buckets) {
      const histogram = new Histogram({
        name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers: [registry],
      });
      return (values, value) => histogram.observe({ ...values }, value);
    },
    gauge(name, help, labels, read) {
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          this.reset();
          for (const sample of await orNothing(read)) this.set({ ...sample.labels }, sample.value);
        },
      });
    },
    computed(name, help, read) {
      computed.push(async () => computedHistogram(name, help, await orNothing(read)));
    },
    async text() {
      const parts = await Promise.all([registry.metrics(), ...computed.map((render) => render())]);
      return parts.map((part) => part.trimEnd()).join('\n') + '\n';
    },
  };
}

/** With the database away the rest is told all the more. */
async function orNothing<T>(read: () => readonly T[] | Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}
