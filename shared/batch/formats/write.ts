import type { ServedModel } from '../../serving/index.ts';
import type { BatchChunk, Progress } from '../chunk.ts';
import type { BatchFile, Layout } from '../file.ts';
import type { Format, JobOptions } from '../options.ts';
import { delimiterOf } from '../../datasets/index.ts';
import { CsvCells } from './csv-cells.ts';
import { CsvLines } from './csv-lines.ts';
import { joinedOf } from './joined.ts';
import { JsonLines } from './json-lines.ts';
import { PackedLines } from './packed.ts';
import type { PredictedColumn } from './predicted.ts';
import type { RowWriter } from './writer.ts';

/** What a writer goes by beside the columns and the options. */
type Work = {
  readonly model: Pick<ServedModel, 'inputs' | 'ready'>;
  readonly chunk: BatchChunk;
};

/** Loaded when first needed: most instances never write Parquet. */
const lazyParquet = async () => ({
  ...(await import('./parquet-writer.ts')),
  ...(await import('./parquet-schema.ts')),
});

/** What writes the output of a file's chunks, as the options say. */
export async function writerOf(
  { layout, input }: Pick<BatchFile, 'layout' | 'input'>,
  columns: readonly PredictedColumn[],
  options: JobOptions,
  { model, chunk }: Work,
): Promise<RowWriter> {
  if (layout && outputFormat(layout, options) === 'parquet') {
    const { ParquetWriter, outputColumns, scaleOf, typedColumns } = await lazyParquet();
    const joined = joinedOf(namesIn(layout), options.output.join);
    return new ParquetWriter(outputColumns(layout, joined, typedColumns(model, layout), columns), {
      scale: chunk.rows === null ? scaleOf(input.bytes) : 1,
      groups: chunk.progress.groups,
    });
  }
  if (!layout || layout.format === 'parquet') return textWriter(layout, columns, options);
  const lines = textWriter(layout, columns, options);
  return layout.gzip ? new PackedLines(lines) : lines;
}

function textWriter(
  layout: Layout | null,
  columns: readonly PredictedColumn[],
  options: JobOptions,
): RowWriter {
  if (!layout) throw new Error('A file has no layout, and is written.');
  const { join, delimiter } = options.output;
  const names = namesIn(layout);
  const joined = joinedOf(names, join).map((at) => ({ name: names[at], at }));
  if (outputFormat(layout, options) === 'jsonl') {
    const areObjects = layout.format === 'jsonl' && layout.areLists !== true && join === 'all';
    return new JsonLines(areObjects ? 'objects' : joined, columns);
  }
  const given = layout.format === 'csv' ? layout.delimiter : ',';
  const wanted = delimiter ?? given;
  delimiterOf({ delimiter: wanted });
  if (layout.format === 'csv' && join === 'all' && wanted === given)
    return new CsvLines(Buffer.from(layout.header), columns, given);
  return new CsvCells(joined, columns, wanted);
}

/** What stands behind the last row of a file, in formats that end in a footer: made of what its writers said in turn. */
export async function endOfFile(
  { layout }: Pick<BatchFile, 'layout'>,
  options: JobOptions | null,
  progress: readonly Progress[],
): Promise<Uint8Array | undefined> {
  if (!layout || outputFormat(layout, options) !== 'parquet') return undefined;
  const { endOf } = await lazyParquet();
  return endOf(
    progress.flatMap(({ groups }) => groups),
    layout.format === 'parquet' ? layout.pandas : undefined,
  );
}

/** The format of the output of a file. */
export function outputFormat({ format }: Layout, options: JobOptions | null): Format {
  const asked = options?.output.format ?? 'same';
  return asked === 'same' ? format : asked;
}

/** The names of the columns of a file. */
export function namesIn({ format, columns }: Layout): readonly string[] {
  return format === 'parquet' ? columns.map(({ name }) => name) : columns;
}

/** What the output of a file is, as its readers are told. */
export function contentTypeOf({ layout }: Pick<BatchFile, 'layout'>, options: JobOptions | null): string {
  if (!layout) return 'application/octet-stream';
  const format = outputFormat(layout, options);
  if (format === 'parquet') return 'application/vnd.apache.parquet';
  if (layout.format !== 'parquet' && layout.gzip) return 'application/gzip';
  return format === 'jsonl' ? 'application/jsonl; charset=utf-8' : 'text/csv; charset=utf-8';
}
