import { zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { vegaFile } from './source.ts';

/**
 * US domestic flights of January 2001 as the vega-datasets package holds them (from the Bureau of
 * Transportation Statistics): one row a flight, as known when it leaves the gate.
 */
export type Flight = {
  /** Unique and stable: the row's number in the source. */
  id: string;
  departure: Date;
  /** Local hour of departure, with minutes as a fraction, in [0, 24). */
  hour: number;
  /** 0 = Sunday. */
  weekday: number;
  /** Miles. */
  distance: number;
  origin: string;
  destination: string;
  /** Mean delay in minutes of the flights that landed at the origin in the last two hours; null if none. */
  originDelay: number | null;
  originArrivals: number;
  destinationDelay: number | null;
  destinationArrivals: number;
  /** The same over all airports in the last hour. */
  networkDelay: number | null;
  /** The label: more than 15 minutes late on arrival. */
  outcome: 'late' | 'on time';
};

export const flightColumns = {
  numeric: [
    'hour',
    'weekday',
    'distance',
    'originDelay',
    'originArrivals',
    'destinationDelay',
    'destinationArrivals',
    'networkDelay',
  ],
  categorical: ['origin', 'destination'],
  label: 'outcome',
} as const;

/** The part of the day a first model knows, and the part it does not: what makes the demo's drift real. */
export const isMorning = ({ hour }: Flight): boolean => hour >= 5 && hour < 12;
export const isEvening = ({ hour }: Flight): boolean => hour >= 18;

/** The source is ordered by departure; January is its first rows. */
const januaryRows = 508_239;
const lateMinutes = 15;
const windowMinutes = 120;
const networkWindowMinutes = 60;

/**
 * Reads January and keeps a share of it, always the same rows. The delays in the air around a flight come
 * from all flights, kept or not.
 *
 * @param share of the flights to keep, in (0, 1]
 */
export async function loadFlights({ share = 0.1 }: { share?: number } = {}): Promise<Flight[]> {
  const landed = new Landings();
  const flights: Flight[] = [];
  (await readSource()).forEach(({ date, delay, distance, origin, destination }, row) => {
    const now = date.getTime() / 60_000;
    landed.advance(now);
    if (isKept(row, share)) {
      const atOrigin = landed.recent(origin, now - windowMinutes);
      const atDestination = landed.recent(destination, now - windowMinutes);
      flights.push({
        id: String(row),
        departure: date,
        hour: date.getUTCHours() + date.getUTCMinutes() / 60,
        weekday: date.getUTCDay(),
        distance: Number(distance),
        origin,
        destination,
        originDelay: atOrigin.meanDelay,
        originArrivals: atOrigin.count,
        destinationDelay: atDestination.meanDelay,
        destinationArrivals: atDestination.count,
        networkDelay: landed.recent(everywhere, now - networkWindowMinutes).meanDelay,
        outcome: Number(delay) > lateMinutes ? 'late' : 'on time',
      });
    }
    landed.expect(destination, now + minutesAloft(Number(distance)), Number(delay));
  });
  return flights;
}

type SourceRow = { date: Date; delay: bigint; distance: bigint; origin: string; destination: string };

async function readSource(): Promise<SourceRow[]> {
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(vegaFile('flights-3m.parquet')),
    rowEnd: januaryRows,
    compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
  });
  return rows as SourceRow[];
}

/** Knuth's multiplicative hash: an even, repeatable choice of rows. */
const isKept = (row: number, share: number): boolean =>
  (Math.imul(row + 1, 2_654_435_761) >>> 0) / 2 ** 32 < share;

/** The source gives no arrival time: half an hour on the ground, and 450 miles an hour. */
const minutesAloft = (miles: number): number => Math.round(30 + miles / 7.5);

const everywhere = '*';

/** Who has landed where, in order of landing; delays are cut to [−30, 120] so that one flight is not a storm. */
class Landings {
  readonly #due = new Map<number, { airport: string; delay: number }[]>();
  readonly #landed = new Map<string, { at: number; delay: number }[]>();
  #clock: number | undefined;

  expect(airport: string, at: number, delay: number): void {
    const landing = { airport, delay: Math.min(Math.max(delay, -30), 120) };
    const sameMinute = this.#due.get(at);
    if (sameMinute) sameMinute.push(landing);
    else this.#due.set(at, [landing]);
  }

  /** Lets everything land that is due by `now` (minutes). */
  advance(now: number): void {
    for (let minute = this.#clock ?? now; minute <= now; minute++) {
      for (const { airport, delay } of this.#due.get(minute) ?? []) {
        this.#add(airport, { at: minute, delay });
        this.#add(everywhere, { at: minute, delay });
      }
      this.#due.delete(minute);
    }
    this.#clock = Math.max(this.#clock ?? now, now);
  }

  recent(airport: string, since: number): { count: number; meanDelay: number | null } {
    const landings = this.#landed.get(airport) ?? [];
    let count = 0;
    let sum = 0;
    for (let at = landings.length - 1; at >= 0 && landings[at].at > since; at--, count++)
      sum += landings[at].delay;
    return { count, meanDelay: count > 0 ? sum / count : null };
  }

  #add(airport: string, landing: { at: number; delay: number }): void {
    const landings = this.#landed.get(airport);
    if (landings) landings.push(landing);
    else this.#landed.set(airport, [landing]);
  }
}
