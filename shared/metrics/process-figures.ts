import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics';

/**
 * The resources that this process uses, with the names of Prometheus' own clients. prom-client would tell them as well,
 * but cannot be kept from watching every collection of garbage: two to five status polls of a hundred were lost to
 * that.
 */
export function tellProcessFigures(metrics: Metrics, processName: 'api' | 'worker'): void {
  const labels = { process: processName };
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  const delays = monitorEventLoopDelay();
  delays.enable();

  metrics.countedElsewhere('process_cpu_seconds_total', 'User and system time', processorSeconds, labels);
  gauge('process_start_time_seconds', 'Start time since the Unix epoch', () => startedAtSeconds);
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', 'Heap in use', () => process.memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Buffers outside the heap', () => process.memoryUsage().external);
  metrics.gauge('nodejs_version_info', 'Node.js', ['process', 'version'], () => [
    { labels: { ...labels, version: process.version }, value: 1 },
  ]);
  gauge('nodejs_eventloop_lag_p99_seconds', 'Delay of the event loop since this was last asked', () => {
    const nanoseconds = delays.percentile(99);
    delays.reset();
    return nanoseconds / 1e9;
  });

  function gauge(name: string, help: string, read: () => number): void {
    metrics.gauge(name, help, ['process'], () => [{ labels, value: read() }]);
  }
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
