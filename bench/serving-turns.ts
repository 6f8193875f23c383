import { readFileSync } from 'node:fs';
import { type Call, load, type Measured } from './serving-load.ts';

/** One thing that is asked in turns with others. */
export type Case = {
  readonly name: string;
  readonly url: string;
  readonly call: Call;
  readonly connections: number;
  /** The process that answers, where its processor time is of interest. */
  readonly pid?: number;
};

/** A turn, and the processor time of the one who answered, for each call. */
export type Turn = Measured & { readonly cpuMicros: number };

/** What was measured of each case, a turn after the other. */
export type Turns = ReadonlyMap<string, readonly Turn[]>;

export type Pace = { readonly rounds: number; readonly seconds: number };

/** Asks one case after the other, round by round: what else runs on the machine then meets all of them alike. */
export async function inTurns(cases: readonly Case[], { rounds, seconds }: Pace): Promise<Turns> {
  const turns = new Map<string, Turn[]>(cases.map(({ name }) => [name, []]));
  for (const { url, call, connections } of cases) await load(url, call, connections, seconds / 2);
  for (let round = 0; round < rounds; round++)
    for (const { name, url, call, connections, pid } of cases) {
      const before = cpuMicros(pid);
      const measured = await load(url, call, connections, seconds);
      turns.get(name)?.push({ ...measured, cpuMicros: (cpuMicros(pid) - before) / measured.calls });
    }
  for (const { name } of cases) {
    const { perSecond, p50, p99, errors, firstError } = summary(turns.get(name) ?? []);
    process.stdout.write(
      `  ${name}: ${Math.round(perSecond)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${
        errors > 0 ? `, ${errors} ERRORS: ${firstError}` : ''
      }\n`,
    );
  }
  return turns;
}

/** The turn in the middle of each figure; errors of all. */
export function summary(turns: readonly Turn[]): Turn {
  const middle = (of: (turn: Turn) => number) => median(turns.map(of));
  const firstError = turns.find((turn) => turn.firstError !== undefined)?.firstError;
  return {
    calls: turns.reduce((sum, { calls }) => sum + calls, 0),
    errors: turns.reduce((sum, { errors }) => sum + errors, 0),
    ...(firstError === undefined ? {} : { firstError }),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    perSecond: middle(({ perSecond }) => perSecond),
    cpuMicros: middle((turn) => turn.cpuMicros),
  };
}

/** A figure of one case as a multiple of another's, round by round; the round in the middle. */
export function ratio(turns: Turns, name: string, other: string, of: (turn: Turn) => number): number {
  const others = turns.get(other) ?? [];
  return median(
    (turns.get(name) ?? []).flatMap((turn, round) => {
      const beside = others[round];
      return beside === undefined ? [] : [of(turn) / of(beside)];
    }),
  );
}

/** Processor time of a process since it began, in ticks of 10 ms (proc(5)); NaN where the system does not tell. */
function cpuMicros(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
