import { randomIds } from '../context.ts';

/** Where in which trace something happens, and whether that trace is recorded. */
export type TraceContext = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
};

const pattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What a `traceparent` says, if it is a valid one. https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTrace(traceparent: string | null | undefined): TraceContext | undefined {
  const [, traceId, spanId, flags] = (traceparent && pattern.exec(traceparent)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The same as `traceparent`. */
export function formatTrace({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The `traceparent` of a trace that begins, and is not recorded: of work that no request or message asked for. */
export function newTrace(): string {
  return formatTrace({ traceId: randomIds.hex(16), spanId: randomIds.hex(8), isSampled: false });
}
