import { useState } from 'react';
import type { RunColumns } from '../api/runRows.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';
import { attributeIds, type Column, type ColumnKind, columnOf, expanded } from './columns.ts';

type ColumnPickerProps = {
  readonly known: RunColumns;
  /** The runs that `known` is a sample of. */
  readonly columns: readonly Column[];
  /** No ids: what is shown until a reader chooses. */
  readonly onChange: (ids: readonly string[]) => void;
};

const titles: Readonly<Record<ColumnKind, string>> = {
  attributes: 'Attributes',
  metrics: 'Metrics',
  params: 'Params',
  tags: 'Tags',
};

/** Which columns the table has. */
export function ColumnPicker(props: ColumnPickerProps) {
  return (
    <Popover
      align="end"
      label={
        <>
          <Icon name="columns" /> Columns
        </>
      }
    >
      <Choices {...props} />
    </Popover>
  );
}

function Choices({ known, columns, onChange }: ColumnPickerProps) {
  const [search, setSearch] = useState('');
  const chosen = new Set(columns.map(({ id }) => id));
  const wanted = search.trim().toLowerCase();
  const groups = groupsOf(known, columns).map(({ kind, ids }) => ({
    kind,
    all: ids,
    found: ids.filter((id) => titleOf(id).toLowerCase().includes(wanted)),
  }));
  const set = (ids: readonly string[], shown: boolean) => {
    const next = new Set(chosen);
    for (const id of ids)
      if (shown) next.add(id);
      else next.delete(id);
    onChange(inOrder([...next], known));
  };
  const unknown = unknownColumn(search.trim(), chosen, known);
  return (
    <div className="column-picker">
      <div className="column-picker-head">
        <input
          type="search"
          aria-label="Find a column"
          placeholder="Find a column"
          value={search}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the reader has just asked for this box
          autoFocus
          onChange={(event) => setSearch(event.target.value)}
        />
        <button type="button" className="quiet" onClick={() => onChange([])}>
          Reset
        </button>
      </div>
      {groups.map(
        ({ kind, found }) =>
          found.length > 0 && (
            <fieldset key={kind}>
              <legend>
                {titles[kind]}
                <span>
                  <button type="button" className="link" onClick={() => set(found, true)}>
                    all
                  </button>{' '}
                  ·{' '}
                  <button type="button" className="link" onClick={() => set(found, false)}>
                    none
                  </button>
                </span>
              </legend>
              {found.map((id) => (
                <label key={id}>
                  <input
                    type="checkbox"
                    checked={chosen.has(id)}
                    onChange={(event) => set([id], event.target.checked)}
                  />
                  <span className="cut" title={titleOf(id)}>
                    {titleOf(id)}
                  </span>
                </label>
              ))}
            </fieldset>
          ),
      )}
      {unknown.map((id) => (
        <button key={id} type="button" className="quiet" onClick={() => set([id], true)}>
          <Icon name="plus" /> Add <code>{id}</code>
        </button>
      ))}
      {groups.every(({ found }) => found.length === 0) && unknown.length === 0 && (
        <p className="hint">No column has such a name.</p>
      )}
    </div>
  );
}

/** Keys that the sample of runs has, and those chosen beside it. */
function groupsOf(known: RunColumns, columns: readonly Column[]) {
  const ids = (kind: 'metrics' | 'params' | 'tags') => [
    ...new Set([
      ...known[kind].map((key) => `${kind}.${key}`),
      ...columns.filter((each) => each.kind === kind).map(({ id }) => id),
    ]),
  ];
  return [
    { kind: 'attributes', ids: attributeIds },
    { kind: 'metrics', ids: ids('metrics') },
    { kind: 'params', ids: ids('params') },
    { kind: 'tags', ids: ids('tags') },
  ] as const;
}

function titleOf(id: string): string {
  return columnOf(id)?.title ?? id;
}

/** A key that no sampled run has can still be a column: what was typed, as a metric and as a param. */
function unknownColumn(text: string, chosen: ReadonlySet<string>, known: RunColumns): string[] {
  if (text === '') return [];
  const typed = columnOf(text) ? [text] : [`metrics.${text}`, `params.${text}`, `tags.${text}`];
  const isKnown = (id: string) => {
    const column = columnOf(id);
    return !column || column.kind === 'attributes' || known[column.kind].includes(column.key);
  };
  return typed.filter((id) => !chosen.has(id) && !isKnown(id));
}

/** Attributes, metrics, params, tags; where every known metric (or param) is chosen, `metrics.*` says so. */
function inOrder(ids: readonly string[], known: RunColumns): string[] {
  const kinds = ['attributes', 'metrics', 'params', 'tags'] as const;
  return kinds.flatMap((kind) => {
    const own = ids.filter((id) => id.startsWith(`${kind}.`));
    if (kind === 'attributes') return attributeIds.filter((id) => own.includes(id));
    const all = expanded(`${kind}.*`, known);
    const isWhole = all.length > 3 && own.length === all.length && all.every((id) => own.includes(id));
    return isWhole ? [`${kind}.*`] : own;
  });
}
