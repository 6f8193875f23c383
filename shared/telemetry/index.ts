export { flushTraces, recordTraces, type TraceSettings } from './recording.ts';
export { currentSpan, inInvocation, inSpan, outsideSpans, type Span } from './span.ts';
export { newTrace, parseTrace } from './trace-context.ts';
