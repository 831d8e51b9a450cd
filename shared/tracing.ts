import type * as Api from '@opentelemetry/api';
import type * as Exporter from '@opentelemetry/exporter-trace-otlp-http';
import type * as Resources from '@opentelemetry/resources';
import type * as Sdk from '@opentelemetry/sdk-trace';
import { createRequire } from 'node:module';

// The door to OpenTelemetry. Its packages are loaded only where traces are sent somewhere: there are many of them.

export interface Span {
  /** The trace context for a part of this work, here or in another process. Null: tracing is off. */
  readonly traceparent: string | null;
  end(error?: unknown): void;
}

export interface Tracer {
  /** Begins a span. `parent`: the traceparent of the work that it is a part of; null: a trace of its own. */
  start(name: string, parent: string | null, attributes?: Api.Attributes): Span;
  /** Sends what has not been sent, and does not wait long for it. */
  close(): Promise<void>;
}

const noSpan: Span = { traceparent: null, end: () => undefined };

export const noTracing: Tracer = { start: () => noSpan, close: () => Promise.resolve() };

/** Runs `work` in a span of its own, and hands it the parent of what it begins. */
export async function inSpan<T>(
  tracer: Pick<Tracer, 'start'>,
  name: string,
  parent: string | null,
  work: (traceparent: string | null) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, parent);
  try {
    const result = await work(span.traceparent);
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** Headers of a request, by their names. */
type Headers = Readonly<Record<string, string>>;

/**
 * `endpoint`: of the collector, e.g. `http://localhost:4318`; null: nothing is traced, and nothing is loaded.
 * `headers`: what the collector is sent beside the traces.
 */
export function createTracer(endpoint: string | null, serviceName: string, headers: Headers = {}): Tracer {
  return endpoint === null ? noTracing : createExportingTracer(endpoint, serviceName, headers);
}

function createExportingTracer(endpoint: string, serviceName: string, headers: Headers): Tracer {
  const load = createRequire(__filename);
  const api = load('@opentelemetry/api') as typeof Api;
  const sdk = load('@opentelemetry/sdk-trace') as typeof Sdk;
  const otlp = load('@opentelemetry/exporter-trace-otlp-http') as typeof Exporter;
  const resources = load('@opentelemetry/resources') as typeof Resources;
  const exporter = new otlp.OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...headers },
  });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000 })],
  });
  const tracer = provider.getTracer('epack');

  return {
    start(name, parent, attributes = {}) {
      const from = parent === null ? null : contextOf(parent);
      const context = from === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, from);
      const span = tracer.startSpan(name, { attributes }, context);
      return {
        traceparent: traceparentOf(span.spanContext()),
        end(error) {
          if (error !== undefined) {
            const cause = error instanceof Error ? error : new Error('failed');
            span.recordException(cause);
            span.setStatus({ code: api.SpanStatusCode.ERROR, message: cause.message });
          }
          span.end();
        },
      };
    },
    // Traces that the collector does not accept now are lost, because they are not worth a delayed exit.
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** Source: W3C Trace Context, traceparent: version, trace id, parent id, flags. */
const traceparentOf = ({ traceId, spanId, traceFlags }: Api.SpanContext) =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

function contextOf(traceparent: string): Api.SpanContext | null {
  const [, traceId, spanId, flags] = traceparent.split('-');
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
