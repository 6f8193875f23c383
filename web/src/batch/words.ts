import type { BatchJob, BatchProgress } from '../api/batch.ts';
import { figure, percent } from '../parts/format.ts';

/** The last part of a name of a file; of many files the folder they lie in. */
export function inputName({ input }: Pick<BatchJob, 'input'>): string {
  return input.prefix ? `${baseName(input.name.replace(/\/$/, ''))}/` : baseName(input.name);
}

export function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** What of a name is below the folder of a prefix; the last part where it lies elsewhere. */
export function nameBelow(name: string, prefix: string): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  return folder !== '' && name.startsWith(folder) ? name.slice(folder.length) : baseName(name);
}

/** The folders between whom a dropped file is for and its name; empty where there are none, or no reader chose them. */
export function inputFolder({ input: { uri, name } }: Pick<BatchJob, 'input'>): string {
  if (!uri.startsWith('batch-input/')) return '';
  const [, ...folders] = name.replace(/\/$/, '').split('/').slice(0, -1);
  return folders.slice(folders[0] === 'uploads' ? 2 : 0).join('/');
}

type Trouble = Pick<BatchJob, 'input' | 'error'>;

/** Why nothing came out, and where in the input that is; empty where nothing went wrong. */
export function failureText({ error, input }: Trouble): string {
  if (!error) return '';
  const place = placeText(error, input.name);
  return place === '' ? error.reason : `${place}: ${error.reason}`;
}

function placeText({ file, row, column, value }: NonNullable<BatchJob['error']>, within: string): string {
  const parts = [
    file !== undefined && nameBelow(file, within),
    row !== undefined && (row === 0 ? 'header' : `row ${figure(row)}`),
    column !== undefined && `column ${column}`,
    value !== undefined && (value === '' ? 'empty' : `“${value}”`),
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
