import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { figure, percent } from '../parts/format.ts';

/** The last part of a name of a file; of many files the folder they lie in. */
export function inputName({ input }: Pick<BatchJob, 'input'>): string {
  return input.prefix ? `${baseName(input.name.replace(/\/$/, ''))}/` : baseName(input.name);
}

export function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Why nothing came out, and where in the input that is. */
export function failureText(error: NonNullable<BatchJob['error']>): string {
  const place = placeText(error);
  return place === '' ? error.reason : `${place}: ${error.reason}`;
}

function placeText({ file, row, column }: { file?: string; row?: number; column?: string }): string {
  const parts = [
    file !== undefined && baseName(file),
    row !== undefined && (row === 0 ? 'header' : `row ${figure(row)}`),
    column !== undefined && `column ${column}`,
  ];
  const text = parts.filter(Boolean).join(', ');
  // A name of a file stays as it is.
  return file === undefined ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** Three digits; in full where it is at least a hundred. */
export function speedText(rowsPerSecond: number): string {
  const size = Math.max(0, Math.floor(Math.log10(rowsPerSecond || 1)) - 2);
  const rounded = Math.round(rowsPerSecond / 10 ** size) * 10 ** size;
  return `${rowsPerSecond >= 100 ? figure(rounded) : figure(rowsPerSecond, 3)} rows/s`;
}

/** A share, also of what is less than can be told in tenths of a percent. */
export function smallPercent(share: number): string {
  return share > 0 && share < 0.001 ? '< 0.1 %' : percent(share);
}

/** Rows of the whole input; `undefined` while nobody knows, as of what only reading tells. */
export function knownRows({ rows, chunks, complete }: BatchProgress): number | undefined {
  const isGrowing = rows.total <= rows.done && chunks.done < chunks.total;
  return complete && !isGrowing && rows.total > 0 ? rows.total : undefined;
}
