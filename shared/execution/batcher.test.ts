import * as fc from 'fast-check';
import { setImmediate as turn, setTimeout as after } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isCode } from '../http/index.ts';
import { rowsOf, type Tensor, type Tensors } from '../sessions/index.ts';
import { type Asked, Batcher, type BatcherOptions } from './batcher.ts';
import { Cost } from './cost.ts';
import { Gone } from './place.ts';

const bad = -1;

/** Numbers and texts made of the numbers of each row; fails where one of them is `bad`. */
async function model({ x }: Tensors): Promise<Tensors> {
  await turn();
  const { dims, data } = x as Tensor & { data: Float64Array };
  const [rows = 0, columns = 0] = dims;
  if (data.includes(bad)) throw new Error('bad');
  const row = (at: number) => data.subarray(at * columns, (at + 1) * columns);
  const texts = Array.from({ length: rows }, (_, at) => [row(at).join('|'), `${columns}`]).flat();
  return {
    twice: { type: 'float64', dims, data: data.map((each) => each * 2) },
    text: { type: 'string', dims: [rows, 2], data: texts },
    sum: {
      type: 'float64',
      dims: [rows],
      data: Float64Array.from({ length: rows }, (_, at) => row(at).reduce((a, b) => a + b, 0)),
    },
  };
}

/** Rows that count up from `from`; the last number of a bad one is `bad`. */
function feeds(rows: number, columns: number, from: number, isBad = false): Tensors {
  const data = Float64Array.from({ length: rows * columns }, (_, at) => from + at);
  if (isBad) data.fill(bad, -1);
  return { x: { type: 'float64', dims: [rows, columns], data } };
}

const freely = (options: Partial<BatcherOptions> = {}) =>
  new Batcher({
    run: model,
    rowsFree: true,
    shares: true,
    cost: new Cost({ runMilliseconds: 0.01, rowMilliseconds: 0.001 }),
    runMillisecondsMax: 50,
    ...options,
  });

const patient: Asked = { deadline: Number.POSITIVE_INFINITY, rowsMax: 64, whole: false };

/** Ends once the turn of the event loop is over in which calls meet. */
const someTurns = async (count: number) => {
  for (let i = 0; i < count; i++) await turn();
};

describe('calls in any order, of any size, some of them bad or late', () => {
  const someCall = fc.record({
    rows: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 90 })),
    columns: fc.integer({ min: 1, max: 3 }),
    isBad: fc.boolean(),
    rowsMax: fc.constantFrom(1, 4, 64),
    whole: fc.boolean(),
    after: fc.integer({ min: 0, max: 4 }),
    deadline: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  });
  const someModel = fc.record({
    rowsFree: fc.boolean(),
    shares: fc.boolean(),
    // A run of 50 ms takes from 1 to 100 rows.
    rowMilliseconds: fc.constantFrom(0.001, 0.5, 5, 50),
  });

  test('each caller gets its own rows, its own error, or hears that it is late, and a run takes what may meet', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(someCall, { maxLength: 30 }),
        someModel,
        async (calls, { rowMilliseconds, ...rest }) => {
          const sizes: number[] = [];
          const cost = new Cost({ runMilliseconds: 0.01, rowMilliseconds });
          const run = (given: Tensors) => {
            sizes.push(rowsOf(given) ?? Number.NaN);
            return model(given);
          };
          const batcher = freely({ ...rest, cost, run });
          const ended = await Promise.allSettled(
            calls.map(async (call, at) => {
              await someTurns(call.after);
              const asked = feeds(call.rows, call.columns, at * 1000, call.isBad);
              const deadline = performance.now() + (call.deadline ?? Number.POSITIVE_INFINITY);
              return batcher.call(asked, { deadline, rowsMax: call.rowsMax, whole: call.whole });
            }),
          );
          for (const [at, call] of calls.entries()) {
            const result = ended[at];
            const own = await model(feeds(call.rows, call.columns, at * 1000));
            const isBad = call.isBad && call.rows > 0;
            const isOwn =
              result?.status === 'fulfilled'
                ? !isBad && isSame(result.value, own)
                : (isBad && String(result?.reason) === 'Error: bad') ||
                  (call.deadline !== undefined && isCode(result?.reason, 'timeout'));
            expect(isOwn).toBe(true);
          }
          const most = Math.max(rest.shares && rest.rowsFree ? 64 : 0, ...calls.map(({ rows }) => rows));
          expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(most);
        },
      ),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 5_000 : 150 },
    );
  });
});

function isSame(one: Tensors, other: Tensors): boolean {
  try {
    expect(one).toEqual(other);
    return true;
  } catch {
    return false;
  }
}

/** A batcher whose runs wait until they are let go, and what they were asked. */
function held(options: Partial<BatcherOptions> = {}) {
  const runs: Tensors[] = [];
  const gates: (() => void)[] = [];
  const batcher = freely({
    ...options,
    run: async (given) => {
      runs.push(given);
      await new Promise<void>((go) => gates.push(go));
      return model(given);
    },
  });
  return {
    batcher,
    rows: () => runs.map(rowsOf),
    letGo: async () => {
      gates.shift()?.();
      await someTurns(4);
    },
  };
}

describe('what meets', () => {
  test('runs together in order, up to the limit of each; who comes alone does not wait', async () => {
    const { batcher, rows, letGo } = held();
    const alone = batcher.call(feeds(3, 2, 0), patient);
    await someTurns(2);
    expect(rows()).toEqual([3]);
    const met = [10, 50, 5, 3].map((count, at) => batcher.call(feeds(count, 2, at * 1000), patient));
    const few = batcher.call(feeds(2, 2, 9000), { ...patient, rowsMax: 4 });
    await letGo();
    expect(rows()).toEqual([3, 63]);
    for (let i = 0; i < 3; i++) await letGo();
    expect(rows()).toEqual([3, 63, 5, 2]);
    expect(await alone).toEqual(await model(feeds(3, 2, 0)));
    expect(await Promise.all(met)).toEqual(
      await Promise.all([10, 50, 5, 3].map((count, at) => model(feeds(count, 2, at * 1000)))),
    );
    expect(await few).toEqual(await model(feeds(2, 2, 9000)));
  });

  test('other sizes of a row, other types and no rows never share a run', async () => {
    const { batcher, rows, letGo } = held();
    const first = batcher.call(feeds(1, 1, 0), patient);
    await someTurns(2);
    const others = [feeds(1, 2, 0), feeds(0, 2, 0), feeds(1, 3, 0), feeds(2, 2, 0)];
    const calls = others.map((each) => batcher.call(each, patient));
    for (let i = 0; i < 5; i++) await letGo();
    expect(rows()).toEqual([1, 3, 0, 1]);
    expect(await Promise.all(calls)).toEqual(await Promise.all(others.map(model)));
    await first;
  });

  test('one that cannot be put together with others is tried alone, and so are they', async () => {
    const odd: Tensors = { x: { type: 'float64', dims: [1, 1], data: Float64Array.of(1, 2, 3) } };
    const calls = [feeds(1, 1, 0), odd, feeds(1, 1, 5)];
    const batcher = freely();
    const ended = await Promise.all(calls.map((each) => batcher.call(each, patient)));
    expect(ended).toEqual(await Promise.all(calls.map(model)));
  });

  test('a call that is to run as it is shares no run, and is not cut', async () => {
    const { batcher, rows, letGo } = held({
      cost: new Cost({ runMilliseconds: 0.1, rowMilliseconds: 10 }),
    });
    const calls = [1, 2, 1, 30].map((count, at) =>
      batcher.call(feeds(count, 1, at * 100), { ...patient, whole: at >= 2 }),
    );
    for (let i = 0; i < 5; i++) {
      await someTurns(2);
      await letGo();
    }
    expect(rows()).toEqual([3, 1, 30]);
    await Promise.all(calls);
  });

  test('a long call is cut, and a short one that came later has its turn in between', async () => {
    const order: string[] = [];
    const sizes: (number | null)[] = [];
    const batcher = freely({
      cost: new Cost({ runMilliseconds: 0.001, rowMilliseconds: 1 }),
      run: (given) => {
        sizes.push(rowsOf(given));
        return model(given);
      },
    });
    const long = batcher.call(feeds(500, 1, 0), patient).then((outputs) => {
      order.push('long');
      return outputs;
    });
    await turn();
    const short = batcher.call(feeds(1, 2, 0), patient).then(() => order.push('short'));
    const whole = batcher.call(feeds(300, 1, 0), { ...patient, whole: true }).then(() => order.push('whole'));
    expect(await long).toEqual(await model(feeds(500, 1, 0)));
    await Promise.all([short, whole]);
    expect(order).toEqual(['short', 'whole', 'long']);
    expect(sizes[0]).toBeLessThan(60);
    expect(sizes).toContain(300);
  });

  test('a model that turns out not to keep rows apart is asked for each call alone, now and later', async () => {
    let runs = 0;
    const batcher = freely({
      run: async () => {
        runs++;
        await turn();
        return { y: { type: 'float64', dims: [1], data: Float64Array.of(7) } };
      },
    });
    const answers = await Promise.all([1, 2, 3].map((count) => batcher.call(feeds(count, 1, 0), patient)));
    expect(answers.map(({ y }) => y?.dims)).toEqual([[1], [1], [1]]);
    expect(batcher.rowsFree).toBe(false);
    expect(runs).toBe(4);
    await batcher.call(feeds(500, 1, 0), patient);
    expect(runs).toBe(5);
  });
});

describe('too late, too many, and gone', () => {
  test('a call whose time is over before its turn is never run, and the others are', async () => {
    const { batcher, rows, letGo } = held();
    const first = batcher.call(feeds(1, 1, 0), patient);
    await someTurns(2);
    const late = batcher.call(feeds(2, 1, 0), { ...patient, deadline: performance.now() + 5 });
    const next = batcher.call(feeds(4, 1, 0), patient);
    await expect(late).rejects.toMatchObject({ code: 'timeout', status: 504 });
    await letGo();
    await letGo();
    expect(rows()).toEqual([1, 4]);
    await Promise.all([first, next]);
  });

  test('a call whose time is over while it runs hears so then, and the rows beside it come out', async () => {
    const { batcher, letGo } = held();
    const first = batcher.call(feeds(1, 1, 0), patient);
    await someTurns(2);
    const late = batcher.call(feeds(2, 1, 0), { ...patient, deadline: performance.now() + 30 });
    const beside = batcher.call(feeds(3, 1, 100), patient);
    await letGo();
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    await letGo();
    expect(await beside).toEqual(await model(feeds(3, 1, 100)));
    await first;
  });

  test('a queue that is full refuses more, and says how long what waits takes', async () => {
    const batcher = freely({ cost: new Cost({ runMilliseconds: 0.1, rowMilliseconds: 3.99 }) });
    const waiting = Array.from({ length: 2_000 }, (_, at) => batcher.call(feeds(1, 1, at), patient));
    await expect(batcher.call(feeds(1, 1, 0), patient)).rejects.toMatchObject({
      code: 'too-many',
      retryAfterSeconds: 8,
    });
    expect(await Promise.all(waiting)).toEqual(
      await Promise.all(waiting.map((_, at) => model(feeds(1, 1, at)))),
    );
    await batcher.call(feeds(1, 1, 0), patient);
  });

  test('who has given up takes nobody a place, even while a run keeps everybody from being taken', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const batcher = freely({ run: async (given) => ended.then(() => model(given)), shares: false });
    const first = batcher.call(feeds(1, 1, 0), patient);
    await turn();
    const hurried = { ...patient, deadline: performance.now() + 5 };
    const late = Array.from({ length: 2_000 }, (_, at) => batcher.call(feeds(1, 1, at), hurried));
    expect((await Promise.allSettled(late)).every(({ status }) => status === 'rejected')).toBe(true);
    const next = batcher.call(feeds(1, 1, 7), patient);
    end();
    expect(await Promise.all([first, next])).toEqual([
      await model(feeds(1, 1, 0)),
      await model(feeds(1, 1, 7)),
    ]);
  });

  test('a call is tried once more where its place ended, and no more than that', async () => {
    let ends = 1;
    const batcher = freely({
      run: async (given) => {
        if (ends-- > 0) throw new Gone('ended', '');
        await after(1);
        return model(given);
      },
    });
    expect(await batcher.call(feeds(1, 1, 5), patient)).toEqual(await model(feeds(1, 1, 5)));
    ends = 2;
    await expect(batcher.call(feeds(1, 1, 5), patient)).rejects.toBeInstanceOf(Gone);
    ends = 1;
    const two = [1, 2].map((from) => batcher.call(feeds(1, 1, from), patient));
    expect(await Promise.all(two)).toEqual(await Promise.all([1, 2].map((from) => model(feeds(1, 1, from)))));
  });
});

test('what a run costs is learnt from the runs, and says how many rows to take', () => {
  const cost = new Cost({ runMilliseconds: 1, rowMilliseconds: 0.5 });
  expect(cost.of(8)).toBe(5);
  expect(cost.rowsWithin(50)).toBe(98);
  for (let i = 0; i < 200; i++) cost.ran(8, 10);
  expect(cost.of(8)).toBeCloseTo(10, 1);
  expect(cost.rowsWithin(50)).toBe(48);
  expect(new Cost({ runMilliseconds: 80, rowMilliseconds: 0.1 }).rowsWithin(50)).toBe(800);
  expect(new Cost({ runMilliseconds: 1, rowMilliseconds: 0 }).rowsWithin(50)).toBe(Number.POSITIVE_INFINITY);
});
