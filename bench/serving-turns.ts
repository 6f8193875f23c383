import { type Call, load, type Measured } from './serving-load.ts';

/** One thing that is asked in turns with others. */
export type Case = {
  readonly name: string;
  readonly url: string;
  readonly call: Call;
  readonly connections: number;
};

/** What was measured of each case, a turn after the other. */
export type Turns = ReadonlyMap<string, readonly Measured[]>;

export type Pace = { readonly rounds: number; readonly seconds: number };

/** Asks one case after the other, round by round: what else runs on the machine then meets all of them alike. */
export async function inTurns(cases: readonly Case[], { rounds, seconds }: Pace): Promise<Turns> {
  const turns = new Map<string, Measured[]>(cases.map(({ name }) => [name, []]));
  for (const { url, call, connections } of cases) await load(url, call, connections, seconds / 2);
  for (let round = 0; round < rounds; round++)
    for (const { name, url, call, connections } of cases) {
      const measured = await load(url, call, connections, seconds);
      turns.get(name)?.push(measured);
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
export function summary(turns: readonly Measured[]): Measured {
  const middle = (of: (turn: Measured) => number) => median(turns.map(of));
  const firstError = turns.find((turn) => turn.firstError !== undefined)?.firstError;
  return {
    calls: turns.reduce((sum, { calls }) => sum + calls, 0),
    errors: turns.reduce((sum, { errors }) => sum + errors, 0),
    ...(firstError === undefined ? {} : { firstError }),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    perSecond: middle(({ perSecond }) => perSecond),
  };
}

/** A figure of one case as a multiple of another's, round by round; the round in the middle. */
export function ratio(turns: Turns, name: string, other: string, of: (turn: Measured) => number): number {
  const others = turns.get(other) ?? [];
  return median(
    (turns.get(name) ?? []).flatMap((turn, round) => {
      const beside = others[round];
      return beside === undefined ? [] : [of(turn) / of(beside)];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
