import { countsOf, flatCounts, isCount } from './counts.ts';
import { outcomes, type Summary, type Variant } from './summary.ts';

/*
 * Format 1 of a record: a line of JSON, `{"v":1,"instance":…,"seq":…,"windows":[…]}`. An instance numbers its records,
 * so that one which was written twice, since the answer to the first time was lost, counts once.
 */

export type SummaryRecord = {
  readonly instance: string;
  readonly seq: number;
  readonly windows: readonly Summary[];
};

const variants: readonly unknown[] = ['stable', 'canary', 'asked', 'mirror'] satisfies Variant[];

export function encodeRecord({ instance, seq, windows }: SummaryRecord): string {
  const line = JSON.stringify({
    v: 1,
    instance,
    seq,
    windows: windows.map(({ at, deployment, variant, version, digest, ...counted }) => ({
      at,
      deployment,
      variant,
      version,
      digest,
      calls: counted.calls,
      rows: counted.rows,
      runs: counted.runs,
      run_rows: counted.runRows,
      latency: flatCounts(counted.latency),
      non_finite: counted.nonFinite,
      scores: flatCounts(counted.scores),
      dropped: counted.dropped,
    })),
  });
  return `${line}\n`;
}

/**
 * The records of a file, each once. A line that is none, because the instance died while it was written, and one of a
 * later format are passed over.
 */
export function decodeRecords(text: string): SummaryRecord[] {
  const records = new Map<string, SummaryRecord>();
  for (const line of text.split('\n')) {
    const record = recordOf(line);
    if (record) records.set(`${record.instance}/${record.seq}`, record);
  }
  return [...records.values()];
}

type Parsed = Readonly<Record<string, unknown>>;

function recordOf(line: string): SummaryRecord | undefined {
  const parsed = parsedOf(line);
  if (parsed?.['v'] !== 1) return undefined;
  const { instance, seq, windows } = parsed;
  if (typeof instance !== 'string' || !isCount(seq) || !Array.isArray(windows)) return undefined;
  const summaries = (windows as Parsed[]).map(summaryOf);
  if (!summaries.every((each) => each !== undefined)) return undefined;
  return { instance, seq, windows: summaries };
}

function parsedOf(line: string): Parsed | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as Parsed;
  } catch {
    return undefined;
  }
}

function summaryOf(window: Parsed): Summary | undefined {
  const { at, deployment, variant, version, digest, calls, rows, runs, dropped } = window;
  const { run_rows: runRows, non_finite: nonFinite } = window;
  const latency = countsOf(window['latency']);
  const scores = countsOf(window['scores']);
  if (!latency || !scores || ![at, rows, runs, runRows, nonFinite, dropped].every(isCount)) return undefined;
  if (typeof deployment !== 'string' || !variants.includes(variant)) return undefined;
  if (!outcomes.every((outcome) => isCount((calls as Parsed | undefined)?.[outcome]))) return undefined;
  return {
    at: at as number,
    deployment,
    variant: variant as Variant,
    version: typeof version === 'number' ? version : null,
    digest: typeof digest === 'string' ? digest : null,
    calls: calls as Summary['calls'],
    rows: rows as number,
    runs: runs as number,
    runRows: runRows as number,
    latency,
    nonFinite: nonFinite as number,
    scores,
    dropped: dropped as number,
  };
}
