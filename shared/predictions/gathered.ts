import { allocate, elementsOf, type Tensor, type TensorData, type Tensors } from '../sessions/index.ts';
import type { Scored } from './rows.ts';
import { tensorColumnsMax } from './tensor-columns.ts';

/** Rows of calls that have the same tensors, one behind the other, as plain data: it can be sent to a thread. */
export type RowBlock = {
  readonly rows: number;
  readonly at: Float64Array;
  readonly latencyMicros: Int32Array;
  readonly status: Int32Array;
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  /** NaN where the model gives none. */
  readonly scores: Float64Array;
  readonly classes: readonly (string | null)[];
};

const rowOverheadBytes = 64;
/** Room that is made at once for rows to come. */
const rowsMin = 64;

/**
 * The rows of calls while they wait to be stored. They are copied together as they come: of thousands of small calls
 * as little is kept, and looked at by the garbage collector, as of one large one. What is not logged is not kept.
 */
export class Gathered {
  rows = 0;
  bytes = 0;
  #blocks: OpenBlock[] = [];

  /** Copies the rows of a call; says how many bytes they take. */
  add(scored: Scored): number {
    const last = this.#blocks.at(-1);
    let block = last?.takes(scored) ? last : undefined;
    if (!block) this.#blocks.push((block = new OpenBlock(scored)));
    const bytes = block.add(scored) + scored.rows * rowOverheadBytes;
    this.rows += scored.rows;
    this.bytes += bytes;
    return bytes;
  }

  blocks(): RowBlock[] {
    return this.#blocks.map((block) => block.closed());
  }

  /** Keeps nothing but how much it was. */
  release(): void {
    this.#blocks = [];
  }
}

class OpenBlock {
  #rows = 0;
  readonly #at = new Growing<Float64Array>(new Float64Array());
  readonly #latencyMicros = new Growing<Int32Array>(new Int32Array());
  readonly #status = new Growing<Int32Array>(new Int32Array());
  readonly #scores = new Growing<Float64Array>(new Float64Array());
  readonly #classes: (string | null)[] = [];
  readonly #sides: Readonly<Record<'inputs' | 'outputs', readonly GrowingTensor[]>>;

  constructor(scored: Scored) {
    const side = (tensors: Tensors) =>
      Object.entries(tensors).map(([name, tensor]) => new GrowingTensor(name, tensor, scored.rows));
    this.#sides = { inputs: side(scored.inputs), outputs: side(scored.outputs) };
  }

  /** Whether the tensors of a call are those of the calls before it, but for their rows. */
  takes(scored: Scored): boolean {
    return (['inputs', 'outputs'] as const).every((side) => {
      const names = Object.keys(scored[side]);
      const known = this.#sides[side];
      return (
        names.length === known.length &&
        known.every((each, i) => each.takes(names[i], scored[side], scored.rows))
      );
    });
  }

  /** Says how many bytes of tensors it has copied. */
  add(scored: Scored): number {
    const { rows, at, latencyMicros, status, scores } = scored;
    this.#rows += rows;
    this.#at.fill(at, rows);
    this.#latencyMicros.fill(latencyMicros, rows);
    this.#status.fill(status, rows);
    if (scores) this.#scores.append(scores.scores);
    else this.#scores.fill(Number.NaN, rows);
    for (let row = 0; row < rows; row++) this.#classes.push(scores?.classes?.[row] ?? null);
    let bytes = 0;
    for (const side of ['inputs', 'outputs'] as const)
      for (const tensor of this.#sides[side]) bytes += tensor.append(scored[side]);
    return bytes;
  }

  closed(): RowBlock {
    const rows = this.#rows;
    const side = (tensors: readonly GrowingTensor[]) =>
      Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor.closed(rows)]));
    return {
      rows,
      at: this.#at.closed(),
      latencyMicros: this.#latencyMicros.closed(),
      status: this.#status.closed(),
      inputs: side(this.#sides.inputs),
      outputs: side(this.#sides.outputs),
      scores: this.#scores.closed(),
      classes: this.#classes,
    };
  }
}

/** A tensor of one call behind another. One that is not logged, since it has no rows or is too wide, stays without data. */
class GrowingTensor {
  readonly name: string;
  readonly #type: Tensor['type'];
  readonly #rank: number;
  readonly #sizes: readonly number[];
  readonly #isLogged: boolean;
  readonly #numbers: Growing<Exclude<TensorData, string[]>> | undefined;
  readonly #texts: string[] = [];

  constructor(name: string, { type, dims }: Tensor, rows: number) {
    this.name = name;
    this.#type = type;
    this.#rank = dims.length;
    this.#sizes = dims.slice(1);
    this.#isLogged = isLogged(dims, rows);
    const none = allocate(type, 0);
    this.#numbers = Array.isArray(none) ? undefined : new Growing(none);
  }

  takes(name: string | undefined, tensors: Tensors, rows: number): boolean {
    const tensor = name === this.name ? tensors[name] : undefined;
    return (
      tensor?.type === this.#type &&
      tensor.dims.length === this.#rank &&
      this.#sizes.every((size, i) => size === tensor.dims[i + 1]) &&
      isLogged(tensor.dims, rows) === this.#isLogged
    );
  }

  append(tensors: Tensors): number {
    const data = this.#isLogged ? tensors[this.name]?.data : undefined;
    if (data === undefined) return 0;
    if (!Array.isArray(data)) {
      this.#numbers?.append(data);
      return data.byteLength;
    }
    let bytes = 0;
    for (const text of data) {
      this.#texts.push(text);
      bytes += 2 * text.length;
    }
    return bytes;
  }

  closed(rows: number): Tensor {
    const type = this.#type;
    if (!this.#isLogged) return { type, dims: [], data: allocate(type, 0) };
    return { type, dims: [rows, ...this.#sizes], data: this.#numbers?.closed() ?? this.#texts };
  }
}

function isLogged([first, ...sizes]: readonly number[], rows: number): boolean {
  return first === rows && elementsOf(sizes) <= tensorColumnsMax;
}

/** Numbers behind one another, with room for more. */
class Growing<T extends Exclude<TensorData, string[]>> {
  #data: T;
  #length = 0;

  constructor(none: T) {
    this.#data = none;
  }

  append(numbers: T): void {
    const at = this.#room(numbers.length);
    // Both are of one type, which is as far as the type of the array matters.
    (this.#data as Float64Array).set(numbers as Float64Array, at);
  }

  fill(number: number, times: number): void {
    const at = this.#room(times);
    (this.#data as Float64Array).fill(number, at, at + times);
  }

  closed(): T {
    return this.#data.slice(0, this.#length) as T;
  }

  /** Makes room for more numbers, and says where they begin. */
  #room(more: number): number {
    const at = this.#length;
    this.#length += more;
    const size = this.#data.length;
    if (this.#length > size) {
      const wanted = Math.max(this.#length, Math.min(2 * size, size + growthMax), more * rowsMin);
      const grown = new (this.#data.constructor as new (length: number) => T)(at === 0 ? more : wanted);
      (grown as Float64Array).set(this.#data.subarray(0, at) as Float64Array);
      this.#data = grown;
    }
    return at;
  }
}

/** Numbers that are made room for at most before there are as many. */
const growthMax = 65_536;
