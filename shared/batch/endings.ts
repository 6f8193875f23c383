import type { Format, JobOptions } from './options.ts';

/** How a file says by its name what is in it. */
const endings: readonly { readonly ending: string; readonly format: Format; readonly delimiter?: string }[] =
  [
    { ending: '.csv', format: 'csv' },
    { ending: '.tsv', format: 'csv', delimiter: '\t' },
    { ending: '.jsonl', format: 'jsonl' },
    { ending: '.ndjson', format: 'jsonl' },
    { ending: '.parquet', format: 'parquet' },
  ];

const packedEnding = '.gz';

/** Why a file of this name and these options cannot be scored, if that can be told already. */
export function whyUnreadable(name: string, options: JobOptions | null): string | undefined {
  if (options && options.format !== 'auto') return undefined;
  if (kindOf(name, options).format !== undefined) return undefined;
  const known = endings.map(({ ending, format }) =>
    format === 'parquet' ? ending : `${ending}(${packedEnding})`,
  );
  return `'${name}' has none of the endings ${known.join(', ')}; rename it, or set format in the options`;
}

/** What a file is, by the options and else by its name. */
export function kindOf(
  name: string,
  options: Pick<JobOptions, 'format' | 'gzip'> | null,
): { readonly format: Format | undefined; readonly gzip: boolean; readonly delimiter: string | undefined } {
  const { isPacked, known } = partsOf(name);
  const format = options && options.format !== 'auto' ? options.format : known?.format;
  return {
    format,
    gzip: format !== 'parquet' && (options?.gzip ?? isPacked),
    delimiter: known?.delimiter,
  };
}

/**
 * What the output of a file is called: as the file, unless it is of another format. Then its ending is another, which
 * in a job of several files (`areMany`) stands behind the whole name: two of them may differ in their endings alone.
 */
export function outputNameOf(name: string, options: JobOptions | null, areMany: boolean): string {
  const { format, gzip } = kindOf(name, options);
  const asked = options?.output.format ?? 'same';
  if (format === undefined || asked === 'same' || asked === format) return name;
  const { bare } = partsOf(name);
  const isText = asked !== 'parquet';
  return `${areMany ? name : bare}.${asked}${isText && gzip ? packedEnding : ''}`;
}

/** What the file of errors of an output is called. */
export function errorsNameOf(output: string): string {
  return `${output}.errors.jsonl`;
}

/** A name without what tells its format, and what that is. */
function partsOf(name: string) {
  const lower = name.toLowerCase();
  const isPacked = lower.endsWith(packedEnding);
  const length = isPacked ? lower.length - packedEnding.length : lower.length;
  const known = endings.find(({ ending }) => lower.slice(0, length).endsWith(ending));
  return { isPacked, known, bare: name.slice(0, known ? length - known.ending.length : length) };
}
