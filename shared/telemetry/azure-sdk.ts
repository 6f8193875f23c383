import {
  type Instrumenter,
  type InstrumenterSpanOptions,
  type SpanStatus,
  type TracingContext,
  type TracingSpan,
  useInstrumenter,
} from '@azure/core-tracing';
import { type Attributes, currentSpan, Span, within } from './span.ts';

/** What the clients of Azure say of a request, by what OpenTelemetry calls it. The rest names files and people. */
const attributeNames: Readonly<Record<string, string>> = {
  'az.namespace': 'az.namespace',
  'http.method': 'http.request.method',
  'http.status_code': 'http.response.status_code',
  serviceRequestId: 'az.service_request_id',
};

/**
 * Has the Azure clients (Storage, Key Vault, Entra ID) trace what they do where the caller's work is recorded: each
 * operation, and each request of it, which tells of those that were tried again.
 */
export function traceAzureClients(): void {
  useInstrumenter(instrumenter);
}

const instrumenter: Instrumenter = {
  startSpan(name, options) {
    const parent = spanIn(options.tracingContext) ?? currentSpan();
    if (!parent) return { span: unrecorded, tracingContext: options.tracingContext ?? new Values() };
    const span = new Span(name, options.spanKind ?? 'internal', true, parent.context, attributesOf(options));
    return {
      span: recorded(span),
      tracingContext: (options.tracingContext ?? new Values()).setValue(spanKey, span),
    };
  },
  withContext(context, work, ...args) {
    const span = spanIn(context);
    return span ? within(span, () => work(...args)) : work(...args);
  },
  // No client of ours links spans of others.
  parseTraceparentHeader: () => undefined,
  createRequestHeaders(context) {
    const span = spanIn(context);
    const headers: Record<string, string> = span ? { traceparent: span.traceparent } : {};
    return headers;
  },
};

const spanKey = Symbol('span');

function spanIn(context: TracingContext | undefined): Span | undefined {
  return context?.getValue(spanKey) as Span | undefined;
}

/** What the clients pass down with their options. */
class Values implements TracingContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): TracingContext {
    return new Values(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): TracingContext {
    const values = new Map(this.#values);
    values.delete(key);
    return new Values(values);
  }
}

function attributesOf({ spanAttributes = {} }: InstrumenterSpanOptions): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(spanAttributes)) set(attributes, name, value);
  return attributes;
}

function set(attributes: Attributes, name: string, value: unknown): void {
  const known = attributeNames[name];
  if (known !== undefined && (typeof value === 'string' || typeof value === 'number'))
    attributes[known] = value;
  if (name === 'http.url' && URL.canParse(String(value)))
    attributes['server.address'] = new URL(String(value)).host;
}

function recorded(span: Span): TracingSpan {
  return {
    isRecording: () => true,
    setAttribute: (name, value) => set(span.attributes, name, value),
    setStatus: (status: SpanStatus) => {
      if (status.status === 'error') span.fail(status.error);
    },
    recordException: (error) => span.fail(error),
    end: () => span.end(),
  };
}

const unrecorded: TracingSpan = {
  isRecording: () => false,
  setAttribute: () => undefined,
  setStatus: () => undefined,
  recordException: () => undefined,
  end: () => undefined,
};
