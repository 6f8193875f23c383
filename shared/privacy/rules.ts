import type { HashKey } from './hash.ts';

/** What becomes of a column before it is logged: nothing of it is kept, or a keyed hash is. */
export type Rule = 'mask' | 'hash';
export type NamedRules = Readonly<Record<string, Rule>>;

/** Tags that name a column of a model, and a field of a column in a logged schema, say it by this. */
const tagPrefix = 'cairn.pii.';

/** What the columns of an endpoint's log may hold at a moment. */
export type ColumnRules = {
  /** The same for the same rules and key: rows of one part have one. */
  readonly id: string;
  readonly columns: ReadonlyMap<string, Rule>;
  /** The column that tells people apart; always hashed, so that they can be found again. */
  readonly subjectKey: string | undefined;
  /** Without one, what should be hashed is masked. */
  readonly key: HashKey | undefined;
};

export const noRules: ColumnRules = { id: '', columns: new Map(), subjectKey: undefined, key: undefined };

/** One column of the log. `name` is its name behind `in.` or `out.`; `tensor` the input or output that it is a part of. */
export type LoggedColumn = { readonly side: 'in' | 'out'; readonly tensor: string; readonly name: string };

/** All rules together; of two for one column the stricter counts, and a subject key is hashed whatever others say. */
export function joinRules(
  sources: readonly NamedRules[],
  subjectKey: string | undefined,
  key: HashKey | undefined,
): ColumnRules {
  const columns = new Map<string, Rule>();
  for (const source of sources)
    for (const [name, rule] of Object.entries(source))
      columns.set(name, columns.get(name) === 'mask' ? 'mask' : rule);
  if (subjectKey !== undefined) columns.set(subjectKey, 'hash');
  if (columns.size === 0) return noRules;
  const ordered = [...columns].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { id: JSON.stringify([ordered, subjectKey, key?.id]), columns, subjectKey, key };
}

/**
 * What is done with a column of the log; `undefined` where it is kept as it is. A rule may name a column, the
 * whole input or output that it is a part of, or either with `in.` or `out.` before it.
 */
export function ruleOf(rules: ColumnRules, { side, tensor, name }: LoggedColumn): Rule | undefined {
  const { columns, subjectKey, key } = rules;
  if (columns.size === 0) return undefined;
  const names = [name, `${side}.${name}`, tensor, `${side}.${tensor}`];
  const found = names.flatMap((each) => columns.get(each) ?? []);
  if (found.length === 0) return undefined;
  const isSubject = subjectKey !== undefined && names.slice(0, 2).includes(subjectKey);
  return key && (isSubject || !found.includes('mask')) ? 'hash' : 'mask';
}

/** What tags say of columns: `cairn.pii.<column>` is `hash`, and anything else than that is `mask`. */
export function rulesInTags(tags: Readonly<Record<string, string>>): NamedRules {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]): [string, Rule][] =>
      key.startsWith(tagPrefix) && key !== tagPrefix
        ? [[key.slice(tagPrefix.length), value === 'hash' ? 'hash' : 'mask']]
        : [],
    ),
  );
}

/** What the columns of a schema say of themselves: each is an object with `name`, and `pii` where it has personal data. */
export function rulesInSchema(columns: readonly unknown[]): NamedRules {
  return Object.fromEntries(
    columns.flatMap((column): [string, Rule][] => {
      const { name, pii } = (column ?? {}) as { name?: unknown; pii?: unknown };
      if (typeof name !== 'string' || pii === undefined || pii === null || pii === false) return [];
      return [[name, pii === 'hash' ? 'hash' : 'mask']];
    }),
  );
}
