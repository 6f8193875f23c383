import type { RunRow } from '../api/runRows.ts';
import { columnOf, datasetsText, orderField, valueOf } from './columns.ts';

/** Runs of one group follow each other where the server can order by it. */
export function ordersOf(group: string, order: string): readonly string[] {
  const field = group === 'attributes.status' ? group : groupField(group);
  return field === undefined || order.startsWith(`${field} `) ? [order] : [`${field} ASC`, order];
}

function groupField(group: string): string | undefined {
  const column = columnOf(group);
  return column && column.kind !== 'attributes' ? orderField(column) : undefined;
}

/** The group of a run; undefined where runs are not grouped. */
export function groupOf(group: string): ((run: RunRow) => string) | undefined {
  if (group === '') return undefined;
  if (group === 'attributes.status') return ({ status }) => status.toLowerCase();
  if (group === 'attributes.datasets') return (run) => datasetsText(run) ?? 'no dataset';
  const column = columnOf(group);
  return column && ((run) => String(valueOf(run, column) ?? `no ${column.key}`));
}
