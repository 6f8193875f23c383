import type { RunRow } from '../api/runRows.ts';

/** Where a row's cells are asked for: one of the pages in which runs came, or those that are pinned. */
export type Source = number | 'pins';
export type SourcedRun = { readonly run: RunRow; readonly source: Source };

/** A line of the table. */
export type Line =
  | {
      readonly kind: 'run';
      readonly id: string;
      readonly run: RunRow;
      readonly source: Source;
      readonly pinned: boolean;
      /** How many runs it is nested in. */
      readonly depth: number;
      /** Runs nested directly in it that have come; they are in view unless it is folded. */
      readonly children: number;
      readonly folded: boolean;
    }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly title: string;
      readonly count: number;
      readonly folded: boolean;
    };

export type Arrangement = {
  readonly pins: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  /** Ids of groups, and of runs with children, that are folded. */
  readonly folded: ReadonlySet<string>;
  /** The group of a run; undefined where runs are not grouped. */
  readonly groupOf?: ((run: RunRow) => string) | undefined;
  /** Whether runs stand below the run they are nested in. */
  readonly nested: boolean;
};

const parentTag = 'mlflow.parentRunId';

/**
 * The lines of the table from runs in the server's order: pinned runs first, hidden ones left out, then
 * groups of equal value or runs below their parents. A parent that has not come yet holds nothing together.
 *
 * @param pinned the pinned runs that are not among `runs`
 */
export function arrange(
  pinned: readonly SourcedRun[],
  runs: readonly SourcedRun[],
  arrangement: Arrangement,
): Line[] {
  const { pins, hidden, groupOf, nested } = arrangement;
  const isShown = ({ run }: SourcedRun) => !hidden.has(run.run_id);
  const found = new Map([...pinned, ...runs].map((each) => [each.run.run_id, each]));
  const top = [...pins].flatMap((id) => found.get(id) ?? []).filter(isShown);
  const atTop = new Set(top.map(({ run }) => run.run_id));
  const rest = runs.filter((each) => isShown(each) && !atTop.has(each.run.run_id));
  return [
    ...top.map((each) => lineOf(each, { pinned: true })),
    ...(groupOf ? grouped(rest, groupOf, arrangement) : nested ? nestedLines(rest, arrangement) : flat(rest)),
  ];
}

/** The parent of a run that is nested. */
export function parentOf(run: RunRow): string | undefined {
  return run.tags[parentTag];
}

function flat(runs: readonly SourcedRun[]): Line[] {
  return runs.map((each) => lineOf(each));
}

/** Groups in the order in which each first comes. */
function grouped(
  runs: readonly SourcedRun[],
  groupOf: (run: RunRow) => string,
  { folded }: Arrangement,
): Line[] {
  const groups = Map.groupBy(runs, ({ run }) => groupOf(run));
  return [...groups].flatMap(([title, members]): Line[] => {
    const id = `group:${title}`;
    const isFolded = folded.has(id);
    return [
      { kind: 'group', id, title, count: members.length, folded: isFolded },
      ...(isFolded ? [] : flat(members)),
    ];
  });
}

function nestedLines(runs: readonly SourcedRun[], { folded }: Arrangement): Line[] {
  const parents = parentsOf(runs);
  const children = Map.groupBy(runs, ({ run }) => parents.get(run.run_id));
  const below = (each: SourcedRun, depth: number): Line[] => {
    const id = each.run.run_id;
    const own = children.get(id) ?? [];
    const isFolded = folded.has(id);
    const line = lineOf(each, { depth, children: own.length, folded: isFolded });
    return [line, ...(isFolded ? [] : own.flatMap((child) => below(child, depth + 1)))];
  };
  return (children.get(undefined) ?? []).flatMap((each) => below(each, 0));
}

/** The parent of each run that has come as well. Parents are tags, which people can set in a circle: no parents. */
function parentsOf(runs: readonly SourcedRun[]): Map<string, string> {
  const ids = new Set(runs.map(({ run }) => run.run_id));
  const said = new Map<string, string>();
  for (const { run } of runs) {
    const parent = parentOf(run);
    if (parent !== undefined && ids.has(parent)) said.set(run.run_id, parent);
  }
  const isCircular = (id: string) => {
    const passed = new Set<string>();
    let at = said.get(id);
    while (at !== undefined && at !== id && !passed.has(at)) {
      passed.add(at);
      at = said.get(at);
    }
    return at === id;
  };
  return new Map([...said].filter(([id]) => !isCircular(id)));
}

function lineOf(
  { run, source }: SourcedRun,
  more: { pinned?: boolean; depth?: number; children?: number; folded?: boolean } = {},
): Line {
  const { pinned = false, depth = 0, children = 0, folded = false } = more;
  return { kind: 'run', id: run.run_id, run, source, pinned, depth, children, folded };
}
