import { allAudit, type AuditEntry, type AuditFilter } from '../../../shared/audit/index.ts';
import type { Context } from '../../../shared/context.ts';
import { csvLine, textFile } from '../text-file.ts';

const columns = [
  'seq',
  'at',
  'recorded_at',
  'workspace',
  'actor',
  'action',
  'aggregate',
  'aggregate_seq',
  'outcome',
  'count',
  'before',
  'after',
  'reason',
  'request_id',
  'subject',
  'prev_hash',
  'hash',
] as const;

/** Entries as a file. */
export function exported(ctx: Context, filter: AuditFilter, format: 'jsonl' | 'csv'): Response {
  return textFile('audit', format, format === 'csv' ? csvLines(ctx, filter) : jsonLines(ctx, filter));
}

async function* jsonLines(ctx: Context, filter: AuditFilter): AsyncGenerator<string> {
  for await (const entry of allAudit(ctx, filter)) yield `${JSON.stringify(entry)}\n`;
}

async function* csvLines(ctx: Context, filter: AuditFilter): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const entry of allAudit(ctx, filter))
    yield csvLine(columns.map((column) => cell(entry, column)));
}

function cell(entry: AuditEntry, column: (typeof columns)[number]): string | number | null | undefined {
  switch (column) {
    case 'at':
    case 'recorded_at':
      return new Date(entry[column]).toISOString();
    case 'subject':
      return JSON.stringify(entry.subject);
    default:
      return entry[column];
  }
}
