import type { Run } from '../api.ts';
import { type Child, link } from '../dom.ts';
import { ago, duration } from '../format.ts';
import { chip, type Column } from '../parts.ts';

/** The columns that every list of runs begins with; {@link runCells} fills them. */
export const runColumns: readonly Column[] = [
  { title: 'Run' },
  { title: 'Status' },
  { title: 'Started' },
  { title: 'Took', numeric: true },
];

export function runCells({ info }: Run): readonly Child[] {
  return [
    link(info.run_name || info.run_id, 'experiments', info.experiment_id, 'runs', info.run_id),
    chip(info.status),
    ago(info.start_time),
    info.end_time === undefined ? '—' : duration(info.end_time - info.start_time),
  ];
}
