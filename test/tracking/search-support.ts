import fc from 'fast-check';
import type { Context } from '../../shared/context.ts';
import type { Experiment, Run } from '../../shared/tracking/model.ts';
import { keepTexts } from '../../shared/tracking/runs/overflow.ts';
import { withTexts } from '../../shared/tracking/runs/texts.ts';
import { digestOf, longTexts } from '../../shared/tracking/texts.ts';

/** A run as its user thinks of it, for a search to be judged by. */
export type PlainRun = {
  /** Which of the experiments it is in. */
  readonly experiment: number;
  readonly suffix: string;
  readonly name: string;
  readonly user: string;
  readonly status: Run['status'];
  readonly start: number;
  readonly end: number | undefined;
  readonly metrics: ReadonlyMap<string, number>;
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  readonly datasets: readonly { name: string; digest: string; context: string | undefined }[];
  readonly deleted: boolean;
  /** When that came to be: before (-1), with (0) or after (1) the last change of its experiment. */
  readonly since: number;
};

const z = 'z'.repeat(1024);
const keys = fc.constantFrom(
  ...[
    'a',
    'b',
    'a.b',
    'a b',
    "it's",
    'q"q',
    'b`t',
    '__proto__',
    'größe',
    '日本',
    'x/y]',
    '\\',
    'constructor',
  ],
);
const metricKeys = fc.constantFrom('a', 'b', 'a.b', '__proto__', '`"\'');
const numbers = fc.constantFrom(
  ...[0, 0, -0, 1, 1, 2, 2, -1.5, 0.1, 1e308, Number.NaN, Number.NaN, Infinity, -Infinity],
);
const texts = fc.constantFrom(
  ...['', 'a', 'a', 'A', 'ab', 'aB', 'abc', '10', '9', '%', '_', '[a]', '!x', "it's", '"', '\\', 'é', 'É'],
  ...[
    '😀',
    '😀a',
    '\uffff',
    'a\nb',
    z,
    `${z}tail`,
    `${z}Tail2`,
    `${'ä'.repeat(600)}x`,
    `${'😀'.repeat(300)}x`,
  ],
);

export const plainRuns: fc.Arbitrary<PlainRun[]> = fc.uniqueArray(
  fc.record({
    experiment: fc.constantFrom(0, 0, 1, 2),
    suffix: fc.uuid().map((uuid) => uuid.replaceAll('-', '').slice(0, 16)),
    name: fc.constantFrom('n', 'N', 'n2', 'm'),
    user: fc.constantFrom('', 'u', 'v'),
    status: fc.constantFrom('RUNNING', 'FINISHED', 'FAILED'),
    start: fc.integer({ min: 1000, max: 1004 }),
    end: fc.option(fc.integer({ min: 2000, max: 2002 }), { nil: undefined }),
    metrics: mapOf(metricKeys, numbers),
    params: mapOf(keys, texts),
    tags: mapOf(keys, texts),
    datasets: fc.array(
      fc.record({
        name: fc.constantFrom('d', 'D', 'e'),
        digest: fc.constantFrom('1', 'Ab'),
        context: fc.option(fc.constantFrom('train', 'eval'), { nil: undefined }),
      }),
      { maxLength: 2 },
    ),
    deleted: fc.constantFrom(false, false, false, true),
    since: fc.constantFrom(-1, 0, 0, 1),
  }),
  { selector: ({ suffix }) => suffix, maxLength: 30 },
);

function mapOf<V>(key: fc.Arbitrary<string>, value: fc.Arbitrary<V>): fc.Arbitrary<Map<string, V>> {
  return fc.array(fc.tuple(key, value), { maxLength: 6 }).map((pairs) => new Map(pairs));
}

export function idOf(run: PlainRun, experiments: readonly Experiment[]): string {
  const { experimentId } = experiments[run.experiment];
  return BigInt(experimentId).toString(16).padStart(16, '0') + run.suffix;
}

/** Puts runs into the store as if they had been logged, also with keys that the API would refuse. */
export async function store(
  ctx: Context,
  runs: readonly PlainRun[],
  experiments: readonly Experiment[],
): Promise<void> {
  for (const run of runs) {
    const experiment = experiments[run.experiment];
    const { experimentId, lifecycle } = experiment;
    const runId = idOf(run, experiments);
    const params = [...run.params].map(([key, value]) => ({ key, value }));
    const tags = [...run.tags].map(([key, value]) => ({ key, value }));
    await keepTexts(ctx, { experimentId, runId }, [...longTexts(params), ...longTexts(tags), '{}']);
    const bare: Run = {
      id: runId,
      type: 'run',
      v: 1,
      workspace: ctx.workspace,
      experimentId,
      runId,
      name: run.name,
      userId: run.user,
      status: run.status,
      startTime: run.start,
      ...(run.end === undefined ? {} : { endTime: run.end }),
      artifactUri: `mlflow-artifacts:/${experimentId}/${runId}/artifacts`,
      lifecycle: { stage: run.deleted ? 'deleted' : 'active', at: lifecycle.at + run.since },
      params: {},
      tags: {},
      m: Object.fromEntries([...run.metrics].map(([key, value]) => [key, held(value)])),
      mm: {},
      mn: Object.fromEntries(
        [...run.metrics].filter(([, value]) => Number.isNaN(value)).map(([key]) => [key, true as const]),
      ),
      datasets: run.datasets.map(({ name, digest, context }) => ({
        ...{ name, digest, tags: {}, detail: digestOf('{}') },
        ...(context === undefined ? {} : { context }),
      })),
      seq: 1,
    };
    const doc = withTexts(withTexts(bare, 'params', params), 'tags', tags);
    await ctx.stores.documents('runs').write([experimentId, runId], { op: 'create', doc });
  }
}

/** JSON has neither NaN nor infinities. */
function held(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE;
}

/** A comparison in MLflow's language, and what it means. */
export type Clause = { readonly text: string; readonly holds: (run: PlainRun, id: string) => boolean };

const keyOf = (map: 'params' | 'tags') =>
  fc
    .tuple(keys, fc.constantFrom('param', 'params', 'parameter', 'tag', 'tags'), fc.boolean())
    .map(([key, prefix, double]) => ({
      key,
      map: prefix.startsWith('tag') ? ('tags' as const) : map,
      name: `${prefix.startsWith('tag') ? prefix : map === 'tags' ? 'tags' : prefix}.${quotedKey(key, double)}`,
    }));

function quotedKey(key: string, double: boolean): string {
  if (/^[\p{L}_][\p{L}\p{N}_.:/-]*$/u.test(key)) return key;
  return double ? `"${key.replaceAll('"', '""')}"` : `\`${key.replaceAll('`', '``')}\``;
}

function quotedText(text: string, double: boolean): string {
  const quote = double ? '"' : "'";
  return quote + text.replaceAll(quote, quote + quote) + quote;
}

const numberTexts = ['0', '-0', '1', '+2', '-1.5', '.1', '1e308', '1e400', '-1E400', '2.'];
const patterns = fc.constantFrom(
  ...[
    '%',
    '',
    'a',
    'a%',
    '%a',
    '%a%',
    '_',
    'a_',
    '_%b',
    '%_',
    'A%',
    'é',
    '%tail',
    '%TAIL%',
    'z%',
    '%z_ail',
    '[a]',
    '!x',
    '\\',
  ],
  ...['%%', '%b%c%', 'x', '_😀', '😀_', '%x', 'a_b'],
);

const textTest = (
  read: (run: PlainRun, id: string) => (string | undefined)[],
  values: fc.Arbitrary<string>,
) =>
  fc.oneof(
    fc.tuple(fc.constantFrom('=', '!='), values, fc.boolean()).map(([operator, value, double]) => ({
      text: `${operator} ${quotedText(value, double)}`,
      holds: any(read, (text) => (text === value) === (operator === '=')),
    })),
    fc.tuple(fc.constantFrom('LIKE', 'ilike'), patterns, fc.boolean()).map(([operator, pattern, double]) => ({
      text: `${operator} ${quotedText(pattern, double)}`,
      holds: any(read, (text) =>
        operator === 'LIKE' ? isLike(text, pattern) : isLike(text.toLowerCase(), pattern.toLowerCase()),
      ),
    })),
  );

const listTest = (
  read: (run: PlainRun, id: string) => (string | undefined)[],
  values: fc.Arbitrary<string>,
) =>
  fc
    .tuple(fc.constantFrom('IN', 'NOT IN', 'not in'), fc.array(values, { minLength: 1, maxLength: 3 }))
    .map(([operator, list]) => ({
      text: `${operator} (${list.map((value) => quotedText(value, false)).join(', ')})`,
      holds: any(read, (text) => list.includes(text) === (operator === 'IN')),
    }));

function any(
  read: (run: PlainRun, id: string) => (string | undefined)[],
  test: (text: string) => boolean,
): Clause['holds'] {
  return (run, id) => read(run, id).some((text) => text !== undefined && test(text));
}

const numberTest = (read: (run: PlainRun) => number | undefined) =>
  fc
    .tuple(fc.constantFrom('=', '!=', '<', '<=', '>', '>='), fc.constantFrom(...numberTexts))
    .map(([operator, text]) => ({
      text: `${operator} ${text}`,
      holds: (run: PlainRun) => compares(read(run), operator, Number(text)),
    }));

function compares(left: number | undefined, operator: string, right: number): boolean {
  if (left === undefined) return false;
  switch (operator) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

const named = (name: string, test: fc.Arbitrary<Clause>): fc.Arbitrary<Clause> =>
  test.map(({ text, holds }) => ({ text: `${name} ${text}`, holds }));

export const clauses: fc.Arbitrary<Clause> = fc.oneof(
  fc.tuple(metricKeys, fc.constantFrom('metric', 'metrics'), fc.boolean()).chain(([key, prefix, double]) =>
    named(
      `${prefix}.${quotedKey(key, double)}`,
      numberTest(({ metrics }) => metrics.get(key)),
    ),
  ),
  keyOf('params').chain(({ key, map, name }) =>
    fc.oneof(
      named(
        name,
        textTest((run) => [run[map].get(key)], texts),
      ),
      fc.constant({ text: `${name} IS NULL`, holds: (run: PlainRun) => !run[map].has(key) }),
      fc.constant({ text: `${name} is not null`, holds: (run: PlainRun) => run[map].has(key) }),
    ),
  ),
  named(
    'run_name',
    textTest(({ name }) => [name], fc.constantFrom('n', 'N', 'm')),
  ),
  named(
    'attributes."Run name"',
    textTest(({ name }) => [name], fc.constantFrom('n', 'N', 'm')),
  ),
  named(
    'attr.user_id',
    textTest(({ user }) => [user], fc.constantFrom('', 'u')),
  ),
  named(
    'status',
    textTest(({ status }) => [status], fc.constantFrom('RUNNING', 'FAILED')),
  ),
  named('run_id', fc.constant({ text: "!= 'x'", holds: () => true })),
  fc.constantFrom('=', '!=', '<', '<=', '>', '>=').chain((operator) =>
    fc.constantFrom(
      {
        text: `start_time ${operator} 1002`,
        holds: ({ start }: PlainRun) => compares(start, operator, 1002),
      },
      { text: `Created ${operator} 1003`, holds: ({ start }: PlainRun) => compares(start, operator, 1003) },
      { text: `end_time ${operator} 2001`, holds: ({ end }: PlainRun) => compares(end, operator, 2001) },
    ),
  ),
  fc.constantFrom('name' as const, 'digest' as const, 'context' as const).chain((field) => {
    const read = ({ datasets }: PlainRun) => datasets.map((dataset) => dataset[field]);
    const values = fc.constantFrom('d', 'D', 'e', '1', 'Ab', 'train');
    return named(`dataset.${field}`, fc.oneof(textTest(read, values), listTest(read, values)));
  }),
);

/** One key of an order, and how it compares two runs. */
export type Key = { readonly clause: string; readonly field: string; readonly compare: Compare };
type Compare = (a: PlainRun, b: PlainRun) => number;

const direction = fc.constantFrom(
  ['', 1] as const,
  [' ASC', 1] as const,
  [' desc', -1] as const,
  [' DESC', -1] as const,
);

const orderKey = (name: string, field: string, read: (run: PlainRun) => number | string | undefined) =>
  direction.map(
    ([text, sign]): Key => ({
      clause: name + text,
      field,
      compare: (a, b) => compareValues(read(a), read(b), sign),
    }),
  );

export const orderKeys: fc.Arbitrary<Key[]> = fc.uniqueArray(
  fc.oneof(
    fc
      .tuple(metricKeys, fc.boolean())
      .chain(([key, double]) =>
        orderKey(`metrics.${quotedKey(key, double)}`, `m ${key}`, ({ metrics }) => metrics.get(key)),
      ),
    keyOf('tags').chain(({ key, map, name }) =>
      orderKey(name, `${map} ${key}`, (run) => firstKilobyte(run[map].get(key))),
    ),
    orderKey('start_time', 'start', ({ start }) => start),
    orderKey('attributes.Created', 'start', ({ start }) => start),
    orderKey('end_time', 'end', ({ end }) => end),
    orderKey('status', 'status', ({ status }) => status),
    orderKey('user_id', 'user', ({ user }) => user),
    orderKey('`Run Name`', 'name', ({ name }) => name),
  ),
  { selector: ({ field }) => field, maxLength: 3 },
);

/** Long texts are sorted by their first kilobyte: of whole characters. */
function firstKilobyte(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let kept = '';
  for (const char of text) {
    if (new TextEncoder().encode(kept + char).length > 1024) break;
    kept += char;
  }
  return kept;
}

/** Values, then NaN, then nothing, whichever the direction. */
function compareValues(a: number | string | undefined, b: number | string | undefined, sign: number): number {
  const rank = (value: number | string | undefined) =>
    value === undefined ? 2 : Number.isNaN(value) ? 1 : 0;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (rank(a) !== 0) return 0;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a < b ? -1 : Number(a > b));
  const [left, right] = [points(String(a)), points(String(b))];
  const at = left.findIndex((point, i) => point !== right[i]);
  if (at < 0) return sign * (left.length - right.length);
  return sign * ((left[at] ?? 0) - (right[at] ?? -1));
}

function points(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0) ?? 0);
}

/** By the table of what matches up to where, one character of the pattern after the other. */
function isLike(text: string, pattern: string): boolean {
  const chars = Array.from(text);
  let ends = new Set([0]);
  for (const char of pattern)
    if (char === '%') {
      const first = Math.min(...ends);
      ends = new Set(Array.from({ length: Math.max(chars.length - first + 1, 0) }, (_, i) => first + i));
    } else
      ends = new Set(
        [...ends]
          .filter((end) => end < chars.length && (char === '_' || chars[end] === char))
          .map((end) => end + 1),
      );
  return ends.has(chars.length);
}
