import { Readable } from 'node:stream';
import { allAudit, type AuditEntry, type AuditFilter } from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { csvCell } from '../../shared/datasets/index.ts';

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

/** Entries as a file that is written while it is read. */
export function exported(ctx: Context, filter: AuditFilter, format: 'jsonl' | 'csv'): Response {
  const lines = format === 'csv' ? csvLines(ctx, filter) : jsonLines(ctx, filter);
  const body = Readable.toWeb(Readable.from(bytesOf(lines), { objectMode: false }));
  return new Response(body as ReadableStream, {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="audit.${format}"`,
      'cache-control': 'no-store',
    },
  });
}

async function* bytesOf(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(line);
}

async function* jsonLines(ctx: Context, filter: AuditFilter): AsyncGenerator<string> {
  for await (const entry of allAudit(ctx, filter)) yield `${JSON.stringify(entry)}\n`;
}

async function* csvLines(ctx: Context, filter: AuditFilter): AsyncGenerator<string> {
  yield `${columns.join(',')}\n`;
  for await (const entry of allAudit(ctx, filter))
    yield `${columns.map((column) => csvCell(cell(entry, column))).join(',')}\n`;
}

function cell(entry: AuditEntry, column: (typeof columns)[number]): string {
  const value = entry[column];
  switch (column) {
    case 'at':
    case 'recorded_at':
      return new Date(entry[column]).toISOString();
    case 'subject':
      return JSON.stringify(value);
    default:
      return harmless(String(value ?? ''));
  }
}

/** A spreadsheet takes what begins like this for a formula; behind an apostrophe it is text. */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
