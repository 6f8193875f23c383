import type { BatchFormat, BatchOptions } from '../api/batch.ts';

/** Options as they stand in the form. */
export type Draft = {
  readonly format: BatchFormat | 'auto';
  /** Empty: the one that the header is written with. */
  readonly delimiter: string;
  readonly outputFormat: BatchFormat | 'same';
  readonly join: 'all' | 'none' | 'some';
  /** Names of columns, separated by commas. */
  readonly columns: string;
  readonly probabilities: boolean;
  readonly policy: 'fail' | 'skip' | 'null';
  readonly maxRows: string;
  readonly maxPercent: string;
};

export const plainDraft: Draft = {
  format: 'auto',
  delimiter: '',
  outputFormat: 'same',
  join: 'all',
  columns: '',
  probabilities: false,
  policy: 'fail',
  maxRows: '',
  maxPercent: '',
};

export const formatNames = {
  auto: 'By its name',
  same: 'As the input',
  csv: 'CSV',
  jsonl: 'JSON Lines',
  parquet: 'Parquet',
} as const;

export const policyNames = {
  fail: 'End the job at the first',
  skip: 'Leave them out',
  null: 'Keep them without a prediction',
} as const;

/** Whether a name tells what is in the file. */
export function tellsFormat(name: string): boolean {
  return /\.((csv|tsv|jsonl|ndjson)(\.gz)?|parquet)$/i.test(name);
}

/** Whether the rows of the input lie between delimiters. */
export function isDelimited({ format }: Draft, name: string): boolean {
  return format === 'csv' || (format === 'auto' && !/\.(jsonl|ndjson|parquet)(\.gz)?$/i.test(name));
}

/** What the API takes: nothing of what is at its default. */
export function bodyOf(draft: Draft): Readonly<Record<string, unknown>> {
  const { format, delimiter, outputFormat, join, probabilities, policy } = draft;
  const output = {
    ...(outputFormat === 'same' ? {} : { format: outputFormat }),
    ...(join === 'all' ? {} : { join: join === 'none' ? join : columnsOf(draft) }),
    ...(probabilities ? { probabilities } : {}),
  };
  return {
    ...(format === 'auto' ? {} : { format }),
    ...(delimiter === '' ? {} : { delimiter }),
    ...(Object.keys(output).length === 0 ? {} : { output }),
    ...(policy === 'fail' ? {} : { bad_rows: { policy, ...limitsOf(draft) } }),
  };
}

function columnsOf({ columns }: Draft): string[] {
  return columns
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function limitsOf({ maxRows, maxPercent }: Draft) {
  return {
    ...(maxRows.trim() === '' ? {} : { max_rows: Number(maxRows) }),
    ...(maxPercent.trim() === '' ? {} : { max_percent: Number(maxPercent) }),
  };
}

/** What is done about rows that cannot be scored, in a few words. */
export function badRowsText({
  policy,
  max_rows: rows,
  max_percent: percent,
}: BatchOptions['bad_rows']): string {
  const limits = [rows !== null && `${rows} rows`, percent !== null && `${percent} %`].filter(Boolean);
  const does = { fail: 'the first ends the job', skip: 'left out', null: 'kept without a prediction' }[
    policy
  ];
  return limits.length === 0 ? does : `${does}, up to ${limits.join(' or ')}`;
}

/** Which columns of the input stand beside the predictions. */
export function joinText(join: BatchOptions['output']['join']): string {
  return typeof join === 'string' ? join : join.join(', ');
}
