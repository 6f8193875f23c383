import { AsyncLocalStorage } from 'node:async_hooks';
import { randomIds } from '../context.ts';
import { formatTrace, parseTrace, type TraceContext } from './trace-context.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type Attributes = Record<string, string | number | boolean>;

/** Who decides which traces are recorded, and takes their spans when they are over. */
export type Recorder = {
  /** Whether a trace that enters now is recorded. */
  samples(): boolean;
  record(span: Span): void;
};

/**
 * One operation of a trace: what it was, when, and on behalf of which other. Names and attributes follow OpenTelemetry
 * (https://opentelemetry.io/docs/specs/semconv/) and tell nothing of people or content: no query strings, no names of
 * files, no messages of errors.
 */
export class Span {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  /** Id of the span that it goes on from. */
  readonly parentId: string | undefined;
  readonly attributes: Attributes;
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt = now();
  endedAt: number | undefined;
  /** What kind of error it ended with, if it did. */
  failure: string | undefined;

  constructor(
    name: string,
    kind: SpanKind,
    isSampled: boolean,
    parent: TraceContext | undefined,
    attributes?: Attributes,
  ) {
    this.name = name;
    this.kind = kind;
    const traceId = parent?.traceId ?? randomIds.hex(16);
    this.context = { traceId, spanId: randomIds.hex(8), isSampled };
    this.parentId = parent?.spanId;
    this.attributes = { ...attributes };
  }

  /** By which others go on from it. */
  get traceparent(): string {
    return formatTrace(this.context);
  }

  /** Marks it as failed, by the code or name of the error. */
  fail(error: unknown): void {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
    this.failure = typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
  }

  /** Hands it to who records; only the first end counts. */
  end(): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = now();
    if (this.context.isSampled) recorder?.record(this);
  }
}

let recorder: Recorder | undefined;
const current = new AsyncLocalStorage<Span>();

const now = (): number => performance.timeOrigin + performance.now();

/** Who records from now on; nobody where it is `undefined`. */
export function recordTo(to: Recorder | undefined): void {
  recorder = to;
}

/** The span in which the caller works, where that is recorded. */
export function currentSpan(): Span | undefined {
  return current.getStore();
}

/** What `work` gives, done in `span`. */
export function within<T>(span: Span, work: () => T): T {
  return current.run(span, work);
}

/** What `work` gives, which belongs to no span, though one may be its occasion. */
export function outsideSpans<T>(work: () => T): T {
  return current.exit(work);
}

/** What an invocation comes from. */
type Occasion = {
  readonly kind: 'server' | 'consumer' | 'internal';
  /** The `traceparent` of a message of ours, which says whether its trace is recorded. */
  readonly cause?: string | undefined;
  /** Without one: the `traceparent` that a request or the host came with, if any. */
  readonly parent?: string | null | undefined;
  readonly attributes?: Attributes;
};

/**
 * Does the work of one invocation in a span of its own. Whether a trace is recorded is decided where it enters, by the
 * {@link Recorder}; what its messages cause follows. Callers do not decide it: the Functions host marks whatever it
 * hands on as not sampled.
 */
export function inInvocation<T>(
  name: string,
  { kind, cause, parent, attributes }: Occasion,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const known = parseTrace(cause);
  const isSampled = recorder !== undefined && (known?.isSampled ?? recorder.samples());
  const span = new Span(name, kind, isSampled, known ?? parseTrace(parent), attributes);
  return isSampled ? current.run(span, () => untilEnd(span, work)) : outsideSpans(() => work(span));
}

/** Does a part of the work in a span of its own, which is none where the work is not recorded. */
export function inSpan<T>(
  name: string,
  kind: SpanKind,
  work: (span: Span | undefined) => Promise<T>,
  attributes?: Attributes,
): Promise<T> {
  const parent = current.getStore();
  if (parent === undefined) return work(undefined);
  const span = new Span(name, kind, true, parent.context, attributes);
  return current.run(span, () => untilEnd(span, work));
}

async function untilEnd<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
