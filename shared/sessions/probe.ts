import { cutRows, joinRows, rowsOf } from './rows.ts';
import type { Session } from './runtime.ts';
import {
  allocate,
  elementsOf,
  type ElementType,
  isFloat,
  isWide,
  type Tensor,
  type TensorData,
  type Tensors,
} from './tensor.ts';

/** How large the numbers of made-up rows are: models of scaled and of raw features both get some that tell. */
const scales = [1, 100];
/** Sums over many weights come out a little different by the number of rows: this much of the largest of a tensor. */
const tolerance = 1e-4;

/**
 * Two made-up rows whose answers are the same together, in either order, as alone; `null` where that is
 * not so: then rows of different callers must not meet. `row` is one that the model runs.
 */
export async function probe(session: Session, row: Tensors): Promise<Tensors | null> {
  const random = draws();
  let rows: Tensors | null = null;
  for (const scale of scales) {
    const pair = [madeUp(row, scale, random), madeUp(row, scale, random)] as const;
    const alone = await answers(session, pair);
    // Numbers that the model takes for positions may lie outside of what it knows.
    if (!alone) continue;
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const feeds = joinRows(order.map((at) => pair[at]));
      const [together] = (await answers(session, [feeds])) ?? [];
      if (
        !together ||
        !agree(
          together,
          order.map((at) => alone[at]),
        )
      )
        return null;
    }
    rows = joinRows(pair);
  }
  return rows;
}

async function answers(session: Session, feeds: readonly Tensors[]): Promise<Tensors[] | null> {
  const given: Tensors[] = [];
  try {
    for (const each of feeds) given.push(await session.run(each));
    return given;
  } catch {
    return null;
  }
}

function agree(together: Tensors, alone: readonly (Tensors | undefined)[]): boolean {
  if (rowsOf(together) !== alone.length) return false;
  return alone.every((answer, at) => {
    const part = cutRows(together, at, at + 1);
    return (
      answer !== undefined &&
      Object.entries(part).every(([name, tensor]) => {
        const other = answer[name];
        return other !== undefined && same(tensor, other);
      })
    );
  });
}

function same(one: Tensor, other: Tensor): boolean {
  if (one.type !== other.type || String(one.dims) !== String(other.dims)) return false;
  if (!isFloat(one.type))
    return Array.from(one.data as ArrayLike<unknown>).every((value, at) => value === other.data[at]);
  const [left, right] = [one.data as Float32Array, other.data as Float32Array];
  const most = left.reduce(
    (max, value) => (Number.isFinite(value) ? Math.max(max, Math.abs(value)) : max),
    0,
  );
  return left.every((value, at) => {
    const against = right[at] ?? Number.NaN;
    return Object.is(value, against) || value === against || Math.abs(value - against) <= tolerance * most;
  });
}

/** Numbers in [0, 1), the same ones each time, so that a model is found to be the same each time: x := 48271 x mod 2^31 - 1 (Park and Miller). */
function draws(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function madeUp(row: Tensors, scale: number, random: () => number): Tensors {
  return Object.fromEntries(
    Object.entries(row).map(([name, { type, dims }]) => [
      name,
      { type, dims, data: randomData(type, elementsOf(dims), scale, random) },
    ]),
  );
}

const words = ['', '0', '1', 'a', 'b', 'no', 'yes'];

function randomData(type: ElementType, elements: number, scale: number, random: () => number): TensorData {
  const data = allocate(type, elements);
  for (let at = 0; at < elements; at++) (data as unknown[])[at] = randomElement(type, scale, random);
  return data;
}

function randomElement(type: ElementType, scale: number, random: () => number): number | bigint | string {
  const whole = Math.floor(random() * Math.max(2, scale));
  if (isFloat(type)) return (random() * 2 - 1) * scale;
  if (isWide(type)) return BigInt(whole);
  if (type === 'string') return words[Math.floor(random() * words.length)] ?? '';
  return type === 'bool' ? whole % 2 : whole;
}
