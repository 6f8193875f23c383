import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import {
  columnHasher,
  currentHashKey,
  hashedText,
  type HashKey,
  hashKeys,
  keyedHash,
  keyIdIn,
  noKeyStore,
} from '../privacy/index.ts';
import type { PartTable } from '../predictions/index.ts';

/** One person as a caller names them: by a value of a column. */
export type NamedSubject = { readonly column: string; readonly value: string | number };

/**
 * The same person as this platform remembers them: by hashes alone. A value is written in a log as the type of its
 * column has it, so each key has a hash for each kind of column that the value can stand in.
 */
export type Subject = { readonly column: string; readonly marks: Readonly<Record<string, Marks>> };

type Kind = 'text' | 'integer' | 'double' | 'float';
type Marks = Readonly<Partial<Record<Kind, string>>>;

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Beyond it a float32 does not tell whole numbers apart, so that one person's number is another's, too. */
const floatExactMax = 2 ** 24;

/** The hashes of a subject by every key of the workspace. Throws `invalid` where there are no keys. */
export async function subjectOf(ctx: Context, { column, value }: NamedSubject): Promise<Subject> {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new CairnError('invalid', 'A whole number beyond 2^53 must be given as text, to be exact.', {
      field: 'subject.value',
    });
  const bare = column.replace(/^in\./, '');
  const texts = textsOf(value);
  const marks = (key: HashKey): Marks =>
    Object.fromEntries(Object.entries(texts).map(([kind, text]) => [kind, keyedHash(key, bare, text)]));
  // Made where there was none, so that what follows is never kept in the clear.
  if (!(await currentHashKey(ctx))) throw noKeyStore('subject');
  const keys = await hashKeys(ctx);
  return { column: bare, marks: Object.fromEntries(keys.map((key) => [key.id, marks(key)])) };
}

/** A name for a subject that is the same each time, by the oldest key: what it cannot be told from is its value. */
export function subjectName({ marks }: Subject): string {
  const [oldest] = Object.values(marks);
  return oldest?.integer ?? oldest?.double ?? oldest?.text ?? '';
}

/** Whether two are the same person, by any key that both were hashed by. */
export function isSameSubject(a: Subject, b: Subject): boolean {
  if (a.column !== b.column) return false;
  return Object.keys(a.marks).some((keyId) => {
    const hashes = new Set(Object.values(b.marks[keyId] ?? {}));
    return Object.values(a.marks[keyId] ?? {}).some((hash) => hashes.has(hash));
  });
}

/** Why the rows of a part cannot be searched for a subject. */
export type Unsearchable = 'masked' | 'float';

export type Search = {
  readonly rows: readonly number[];
  readonly unsearchable?: Unsearchable;
};

/**
 * What finds the rows of a subject in parts: by the hash that stands there, whichever key it is by, or by the hash
 * of a value that was logged before the column was personal data.
 */
export async function searcher(ctx: Context, subject: Subject): Promise<(part: PartTable) => Search> {
  const name = `in.${subject.column}`;
  const newest = (await hashKeys(ctx)).findLast(({ id }) => Object.hasOwn(subject.marks, id));
  return (part) => {
    if (!part.types.has(name)) return { rows: [] };
    const how = part.hidden.get(name);
    if (how?.rule === 'mask') return { rows: [], unsearchable: 'masked' };
    const kind = how ? kindOfElement(how.type) : kindOfStored(part.types.get(name));
    const cells = part.column(name);
    if (how) return found(cells, subject.marks[how.key]?.[kind], (cell) => cell);
    if (!newest) return { rows: [] };
    const hash = columnHasher(newest, subject.column);
    return found(cells, subject.marks[newest.id]?.[kind], (cell) => (keyIdIn(cell) ? null : hash(cell)));

    function found(
      values: readonly (string | number | null)[],
      wanted: string | undefined,
      hashOf: (cell: string | number | null) => unknown,
    ): Search {
      if (wanted === undefined) return kind === 'float' ? { rows: [], unsearchable: 'float' } : { rows: [] };
      return { rows: values.flatMap((cell, row) => (hashOf(cell) === wanted ? [row] : [])) };
    }
  };
}

/** The text that is hashed of the value, for each kind of column. */
function textsOf(value: string | number): Partial<Record<Kind, string>> {
  const text = hashedText(value) ?? '';
  const trimmed = text.trim();
  const number = decimal.test(trimmed) ? Number(trimmed) : Number.NaN;
  const isWhole = /^[+-]?\d+$/.test(trimmed) || Number.isSafeInteger(number);
  const isExact = !Number.isInteger(number) || Math.abs(number) <= floatExactMax;
  const texts: Partial<Record<Kind, string>> = { text };
  if (isWhole) texts.integer = String(Number.isSafeInteger(number) ? BigInt(number) : BigInt(trimmed));
  if (Number.isFinite(number)) texts.double = hashedText(number) ?? '';
  if (Number.isFinite(number) && isExact) texts.float = hashedText(Math.fround(number)) ?? '';
  return texts;
}

function kindOfElement(type: string): Kind {
  switch (type) {
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
    case 'string':
    case 'bool':
      return 'text';
    default:
      return 'integer';
  }
}

function kindOfStored(parquetType: string | undefined): Kind {
  switch (parquetType) {
    case 'FLOAT':
      return 'float';
    case 'DOUBLE':
      return 'double';
    case 'INT32':
    case 'INT64':
      return 'integer';
    default:
      return 'text';
  }
}
