import type { Visible } from '../access/index.ts';
import { type Condition, property } from './sql.ts';
import type { Path } from './table.ts';

/**
 * The condition that leaves of a query what the caller may see, so that pages are as full as they are asked to be.
 * `path` is where the id of the experiment, model or endpoint stands. None where all of them are visible.
 */
export function onlyVisible(path: Path, visible: Visible): Condition[] {
  const ids = visible.all ? visible.except : visible.only;
  if (ids.length === 0) return visible.all ? [] : [() => 'false'];
  const not = visible.all ? 'NOT ' : '';
  // The index serves it as it does IN, which takes some thousand values at most: here they are one parameter.
  return [(bind) => `${not}ARRAY_CONTAINS(${bind(ids)}, ${property(path)})`];
}
