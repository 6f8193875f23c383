import { randomUUID } from 'node:crypto';
import type { Credential } from '../azure/index.ts';
import { AzureMonitorTraceExporter } from '@azure/monitor-opentelemetry-exporter';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Exporter, TraceSettings } from './recording.ts';
import type { Span, SpanKind } from './span.ts';

type Library = Pick<OTLPTraceExporter, 'export'>;
type ReadableSpan = Parameters<OTLPTraceExporter['export']>[0][number];

/** https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/trace/span_kind.ts */
const kinds: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
const unset = 0;
const failed = 2;

/** What the Application Insights library would send besides: of itself to its makers, and of the resource each time. */
const asides = [
  'APPLICATION_INSIGHTS_NO_STATSBEAT',
  'APPLICATIONINSIGHTS_SDKSTATS_DISABLED',
  'APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED',
];

/** Opens the target of the settings. Nothing is sent before the first spans. */
export function openExporter({ to, service }: TraceSettings, credential?: Credential): Exporter {
  const resource = resourceOf(service);
  if (to.by === 'otlp') {
    const url = `${to.url.replace(/\/+$/, '')}/v1/traces`;
    return sending(new OTLPTraceExporter({ url }), (span) => readable(span, span.kind, resource));
  }
  for (const name of asides) process.env[name] ??= 'true';
  const exporter = new AzureMonitorTraceExporter({
    connectionString: to.connectionString,
    disableOfflineStorage: true,
    ...(credential ? { credential } : {}),
  });
  // The host tells of each invocation as a request already: a second one would count calls twice.
  return sending(exporter, (span) =>
    readable(span, span.kind === 'server' || span.kind === 'consumer' ? 'internal' : span.kind, resource),
  );
}

function sending(library: Library, toReadable: (span: Span) => ReadableSpan): Exporter {
  return (spans) =>
    new Promise((settle, fail) => {
      library.export(spans.map(toReadable), ({ code, error }) =>
        // Success is 0.
        code ? fail(error ?? new Error('The target did not take the spans.')) : settle(),
      );
    });
}

/** The span as the libraries take it. */
function readable(span: Span, kind: SpanKind, resource: ReadableSpan['resource']): ReadableSpan {
  const { traceId, spanId } = span.context;
  const endedAt = span.endedAt ?? span.startedAt;
  return {
    name: span.name,
    kind: kinds[kind],
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    ...(span.parentId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: span.parentId, traceFlags: 1, isRemote: false } }),
    startTime: hrTime(span.startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - span.startedAt),
    status: { code: span.failure === undefined ? unset : failed },
    attributes:
      span.failure === undefined ? span.attributes : { ...span.attributes, 'error.type': span.failure },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'cairn' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(milliseconds: number): [number, number] {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}

function resourceOf(service: string): ReadableSpan['resource'] {
  const attributes = { 'service.name': service, 'service.instance.id': randomUUID() };
  return {
    attributes,
    merge: () => resourceOf(service),
    getRawAttributes: () => Object.entries(attributes),
  };
}
