import { Readable } from 'node:stream';
import { csvCell } from '../../shared/datasets/index.ts';

const contentTypes = { csv: 'text/csv; charset=utf-8', jsonl: 'application/x-ndjson' } as const;

/** A file for people to keep, `<name>.<format>`, that is written while it is read. */
export function textFile(
  name: string,
  format: keyof typeof contentTypes,
  texts: AsyncIterable<string>,
): Response {
  const body = Readable.toWeb(Readable.from(bytesOf(texts), { objectMode: false }));
  return new Response(body as ReadableStream, {
    headers: {
      'content-type': contentTypes[format],
      'content-disposition': `attachment; filename="${name}.${format}"`,
      'cache-control': 'no-store',
    },
  });
}

/**
 * A line of CSV for people to read in a spreadsheet, which takes what begins with `=`, `+`, `-` or `@` for a formula:
 * behind an apostrophe it is text. https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map((cell) => csvCell(harmless(String(cell ?? '')))).join(',')}\n`;
}

function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

async function* bytesOf(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of texts) yield Buffer.from(text);
}
