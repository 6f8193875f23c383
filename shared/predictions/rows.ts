import type { ColumnRules } from '../privacy/index.ts';
import type { Tensors } from '../sessions/index.ts';
import { Gathered, type RowBlock } from './gathered.ts';
import type { Scores } from './scores.ts';
import { joinColumns, tensorColumns, type WrittenColumn } from './tensor-columns.ts';

/** The rows of one request. Tensors whose first size is not `rows` are not logged. */
export type Scored = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rows: number;
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly scores: Scores | null;
  readonly latencyMicros: number;
  /** The HTTP status that was answered. */
  readonly status: number;
};

/** What names the columns of tensors, and says which of them are personal data. */
type Naming = {
  readonly features: readonly string[] | null;
  readonly labels: readonly string[] | null;
  readonly rules?: ColumnRules;
};

/** Rows as they are stored: columns of equal length, what is personal in them masked or hashed. */
export type Rows = {
  readonly rows: number;
  readonly at: readonly number[];
  readonly latencyMicros: readonly number[];
  readonly status: readonly number[];
  /** `in.*` and `out.*`. */
  readonly tensors: readonly WrittenColumn[];
  readonly scores: readonly (number | null)[];
  readonly classes: readonly (string | null)[];
};

/** The rows of some requests to one version. Where an output is hidden, so are score and class, which are made from it. */
export function rowsOf(naming: Naming, requests: readonly Scored[]): Rows {
  const gathered = new Gathered();
  for (const request of requests) gathered.add(request);
  return rowsOfBlocks(naming, gathered.blocks());
}

/** The same of requests that have been gathered. */
export function rowsOfBlocks({ features, labels, rules }: Naming, blocks: readonly RowBlock[]): Rows {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const side = (of: 'inputs' | 'outputs') =>
    blocks.map((block) => ({ rows: block.rows, tensors: block[of] }));
  const inputs = tensorColumns('in', side('inputs'), features, rules);
  const outputs = tensorColumns('out', side('outputs'), labels, rules);
  const isAnswerHidden = outputs.some(({ hidden }) => hidden !== undefined);
  const answered = <T>(of: (block: RowBlock) => readonly (T | null)[]) =>
    isAnswerHidden ? new Array<null>(rows).fill(null) : blocks.flatMap(of);
  return {
    rows,
    at: blocks.flatMap(({ at }) => [...at]),
    latencyMicros: blocks.flatMap(({ latencyMicros }) => [...latencyMicros]),
    status: blocks.flatMap(({ status }) => [...status]),
    tensors: [...inputs, ...outputs],
    scores: answered(({ scores }) => Array.from(scores, (score) => (Number.isNaN(score) ? null : score))),
    classes: answered(({ classes }) => classes),
  };
}

/** Some rows behind others that have the same columns, as {@link schemaOf} tells. */
export function joinRows(some: readonly Rows[]): Rows {
  const [first] = some;
  if (!first || some.length === 1) return first ?? rowsOf({ features: null, labels: null }, []);
  return {
    rows: some.reduce((sum, { rows }) => sum + rows, 0),
    at: some.flatMap(({ at }) => at),
    latencyMicros: some.flatMap(({ latencyMicros }) => latencyMicros),
    status: some.flatMap(({ status }) => status),
    tensors: first.tensors.map((_, i) => joinColumns(some.map(({ tensors }) => tensors[i]))),
    scores: some.flatMap(({ scores }) => scores),
    classes: some.flatMap(({ classes }) => classes),
  };
}

/** The same text for rows that can be joined. */
export function schemaOf({ tensors }: Rows): string {
  return JSON.stringify(
    tensors.map(({ source: { name, type, nullable, encoding, codec }, hidden }) => [
      name,
      type,
      nullable,
      encoding,
      codec,
      hidden,
    ]),
  );
}
