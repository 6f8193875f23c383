import { describe, expect, test } from 'vitest';
import {
  encodeExamples,
  evaluate,
  fitEncoding,
  splitByKey,
  trainBoosting,
  trainLogistic,
} from '../ml/index.ts';
import { type Flight, flightColumns, isEvening, isMorning, loadFlights } from './flights.ts';

function halves(flights: readonly Flight[]): { train: Flight[]; held: Flight[] } {
  const split = splitByKey(
    flights.map(({ id }) => id),
    { testShare: 0.25 },
  );
  return { train: split.train.map((at) => flights[at]), held: split.test.map((at) => flights[at]) };
}

describe('flights', () => {
  test('are always the same rows, a smaller share being part of a larger one', async () => {
    const few = await loadFlights({ share: 0.001 });
    const more = await loadFlights({ share: 0.002 });
    expect(few.length).toBeGreaterThan(450);
    expect(few.length).toBeLessThan(560);
    const byId = new Map(more.map((flight) => [flight.id, flight]));
    for (const flight of few) expect(byId.get(flight.id)).toEqual(flight);
  });

  test('drift from morning to evening: a model loses there, and learning from both wins it back', async () => {
    const flights = await loadFlights({ share: 0.08 });
    const morning = halves(flights.filter(isMorning));
    const evening = halves(flights.filter(isEvening));
    const encoding = fitEncoding(morning.train, flightColumns, { categoriesMax: 12 });
    const encoded = (rows: readonly Flight[]) => encodeExamples(encoding, rows, flightColumns.label);

    const logistic = trainLogistic(encoded(morning.train));
    const options = { depthMax: 4 };
    const boosting = trainBoosting(encoded(morning.train), options);
    const retrained = trainBoosting(encoded([...morning.train, ...evening.train]), options);

    const inMorning = evaluate(boosting, encoded(morning.held));
    const inEvening = evaluate(boosting, encoded(evening.held));
    const after = evaluate(retrained, encoded(evening.held));
    expect(inMorning.rocAuc).toBeGreaterThan(evaluate(logistic, encoded(morning.held)).rocAuc + 0.02);
    expect(inEvening.accuracy).toBeLessThan(inMorning.accuracy - 0.08);
    expect(inEvening.logLoss).toBeGreaterThan(inMorning.logLoss + 0.1);
    expect(after.accuracy).toBeGreaterThan(inEvening.accuracy + 0.015);
    expect(after.logLoss).toBeLessThan(inEvening.logLoss - 0.02);
    expect(after.rocAuc).toBeGreaterThan(inEvening.rocAuc + 0.01);
  });
});
