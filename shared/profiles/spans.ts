/** A piece of time in UTC: `yyyymmddhh`, `yyyymmdd` or `yyyymm`. */
export type Span = string;

const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;
/** How long after its end an hour may gain parts whose rows came out of a queue again; later ones the sweep finds. */
const settleMilliseconds = 15 * 60_000;

const lengths = { month: 6, day: 8, hour: 10 } as const;

/** The hour, day or month that a time, in milliseconds since 1970, lies in. */
export function spanAt(at: number, kind: keyof typeof lengths): Span {
  return new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '').slice(0, lengths[kind]);
}

/** Where a span begins, and where the next one does, in milliseconds since 1970. */
export function boundsOf(span: Span): { readonly from: number; readonly to: number } {
  const [year, month] = [Number(span.slice(0, 4)), Number(span.slice(4, 6)) - 1];
  if (span.length === lengths.month) return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
  const from = Date.UTC(year, month, Number(span.slice(6, 8)), Number(span.slice(8, 10)));
  return { from, to: from + (span.length === lengths.day ? dayMilliseconds : hourMilliseconds) };
}

/** Whether what was made of a span at a time has all of it, but for what comes very late. */
export function isSettled(span: Span, at: number): boolean {
  return at >= boundsOf(span).to + settleMilliseconds;
}

/** The smallest window of whole hours that has all of another; times are milliseconds since 1970. */
export function wholeHours({ from, to }: { readonly from: number; readonly to: number }): {
  readonly from: number;
  readonly to: number;
} {
  return {
    from: Math.floor(from / hourMilliseconds) * hourMilliseconds,
    to: Math.ceil(to / hourMilliseconds) * hourMilliseconds,
  };
}

/** The fewest spans that are a window of whole hours, in order: months and days where these have settled. */
export function spansOf(window: { readonly from: number; readonly to: number }, now: number): Span[] {
  const { from, to } = wholeHours(window);
  const spans: Span[] = [];
  for (let at = from; at < to; ) {
    const span = (['month', 'day', 'hour'] as const)
      .map((kind) => spanAt(at, kind))
      .find((each) => {
        const bounds = boundsOf(each);
        const isWhole = bounds.from === at && bounds.to <= to;
        return isWhole && (each.length === lengths.hour || isSettled(each, now));
      });
    if (span === undefined) break;
    spans.push(span);
    at = boundsOf(span).to;
  }
  return spans;
}
