import { isLike, patternOf } from './like.ts';
import type { Comparison, Filter, NumberOperator, Test } from './parser.ts';
import type { Column, Elements, Path, TextColumn } from './table.ts';

/**
 * Whether a document fulfils a filter, as the compiled filter says it of the document in the store. Texts
 * may be whole or, for columns that keep a digest, prefixes: `LIKE` judges what is there.
 */
export function matches(filter: Filter, document: unknown): boolean {
  return filter.every((comparison) => holds(comparison, document));
}

function holds({ field: { column }, test }: Comparison, document: unknown): boolean {
  if (!column.within) return fulfils(column, test, document);
  return elementsOf(column.within, document).some((element) => fulfils(column, test, element));
}

function fulfils(column: Column, test: Test, root: unknown): boolean {
  const value = at(root, column.path);
  if (test.kind === 'present') return (value === undefined) === test.negated;
  if (value === undefined) return false;
  switch (test.kind) {
    case 'number':
      return compare(
        isNaNAt(column, root) ? Number.NaN : (value as number),
        test.operator,
        clamped(test.value),
      );
    case 'oneOf':
      return test.values.some((text) => isText(column as TextColumn, root, text)) !== test.negated;
    case 'like':
      return isLike(textAt(column as TextColumn, root), patternOf(test.pattern), test.ignoreCase);
  }
}

/** A number as the store holds it: JSON has no infinity. */
export function clamped(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

export function isNaNAt(column: Column, root: unknown): boolean {
  return column.kind === 'number' && column.nan !== undefined && at(root, column.nan) !== undefined;
}

function textAt(column: TextColumn, root: unknown): string {
  return ((column.whole && at(root, column.whole)) ?? at(root, column.path)) as string;
}

function isText(column: TextColumn, root: unknown, text: string): boolean {
  const digest = column.digest && at(root, column.digest);
  return digest === undefined ? textAt(column, root) === text : column.shortened?.(text).digest === digest;
}

function elementsOf({ list, any }: Elements, root: unknown): unknown[] {
  const elements = at(root, list);
  if (!Array.isArray(elements)) return [];
  if (!any) return elements;
  return elements.filter((element) =>
    any.some((all) => all.every(({ path, equals }) => at(element, path) === equals)),
  );
}

/** The value at a path; only own properties count, since keys are what users call their things. */
export function at(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    root,
  );
}

export function compare(left: number, operator: NumberOperator, right: number): boolean {
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
    case '>=':
      return left >= right;
  }
}
