/** Names of properties from the root of a document (or of an element of a list) to a value. */
export type Path = readonly string[];

export const numeric = ['>', '>=', '!=', '=', '<', '<='] as const;
export const textual = ['!=', '=', 'LIKE', 'ILIKE'] as const;
export const listed = [...textual, 'IN', 'NOT IN'] as const;
export const nullable = [...textual, 'IS NULL', 'IS NOT NULL'] as const;
export type Operator = (typeof numeric | typeof listed | typeof nullable)[number];

/** Where the values of a field stand in a document. */
export type Column = NumberColumn | TextColumn;

export type NumberColumn = Place & {
  readonly kind: 'number';
  /** Set where the value is NaN, which the store cannot hold and keeps as 0. */
  readonly nan?: Path;
  /** Set where a whole number may also be given in quotes, as MLflow takes version numbers. */
  readonly quotable?: true;
};

export type TextColumn = Place & {
  readonly kind: 'text';
  /** Where the whole text stands, in the same document, if `path` has only a prefix of it. */
  readonly whole?: Path;
  /** Where the digest of the whole text stands, if `path` has only a prefix and the text is kept elsewhere. */
  readonly digest?: Path;
  /** How texts of this column are shortened; goes with `digest`. */
  readonly shortened?: (text: string) => { readonly prefix: string; readonly digest?: string };
};

type Place = {
  readonly path: Path;
  /** Every document has the value: none has to be looked for behind the last. */
  readonly always?: true;
  /** The column is of the elements of a list: it matches where some element does. Such a column has no order. */
  readonly within?: Elements;
};

/** The elements of the list at `list`; only those that fulfil all equalities of one of `any`, where it is given. */
export type Elements = {
  readonly list: Path;
  readonly any?: readonly (readonly { readonly path: Path; readonly equals: string | number }[])[];
};

/** What stands before the dot of a name: `metrics.loss`. */
export type Entity = {
  /** As messages name it; it may itself stand before the dot. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** False for what a search is filtered by and not ordered by. */
  readonly ordered?: false;
} & (
  | {
      /** Any key is a name. */
      readonly keys: 'any';
      readonly column: (key: string) => Column;
      readonly operators: readonly Operator[];
    }
  | { readonly keys: Readonly<Record<string, Attribute>> }
);

export type Attribute = {
  readonly column: Column;
  readonly operators: readonly Operator[];
  readonly aliases?: readonly string[];
  readonly ordered?: false;
};

/** What can be searched for in one kind of document. */
export type Table = {
  readonly entities: readonly Entity[];
  /** The name of the entity that a name without a dot belongs to. */
  readonly bare: string;
};

/** A name of a filter or an order, resolved. `entity` and `key` are the canonical ones: aliases are one field. */
export type Field = {
  readonly entity: string;
  readonly key: string;
  readonly column: Column;
  readonly operators: readonly Operator[];
  readonly ordered: boolean;
};
