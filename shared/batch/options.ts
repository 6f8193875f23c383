import * as z from 'zod';
import { delimiterWords, isDelimiter } from '../datasets/index.ts';

/** What a job may be told beside its input, as the API and the file of options take it. */
const formats = ['csv', 'jsonl', 'parquet'] as const;
export type Format = (typeof formats)[number];

const separator = z
  .string({ error: delimiterWords })
  .length(1, delimiterWords)
  .refine(isDelimiter, delimiterWords);
const policyWords = 'must be fail, skip or null';
const joinWords = 'must be all, none, or a list of columns of the input';

/** Spellings in messages and in the API; `auto` is told by the name of the file. */
export const jobOptions = z
  .strictObject({
    format: z.enum(['auto', ...formats], { error: `must be auto, ${formats.join(', ')}` }),
    delimiter: separator,
    gzip: z.boolean({ error: 'must be true or false' }),
    output: z
      .strictObject({
        format: z.enum(['same', ...formats], { error: `must be same, ${formats.join(', ')}` }),
        delimiter: separator,
        join: z.union([z.enum(['all', 'none']), z.array(z.string()).min(1, joinWords)], {
          error: joinWords,
        }),
        probabilities: z.boolean({ error: 'must be true or false' }),
      })
      .partial(),
    bad_rows: z
      .strictObject({
        policy: z.enum(['fail', 'skip', 'null'], { error: policyWords }).optional(),
        max_rows: z
          .int({ error: 'must be a whole number' })
          .nonnegative({ error: 'must not be negative' })
          .optional(),
        max_percent: z
          .number({ error: 'must be a number from 0 to 100' })
          .min(0, { error: 'must be a number from 0 to 100' })
          .max(100, { error: 'must be a number from 0 to 100' })
          .optional(),
      })
      .refine(({ policy }) => policy !== undefined, { path: ['policy'], error: policyWords })
      .refine(
        ({ policy, ...limits }) => policy !== 'fail' || Object.keys(limits).length === 0,
        'policy fail ends the job at the first bad row; max_rows and max_percent belong to skip and null',
      ),
  })
  .partial();

export type AskedOptions = z.infer<typeof jobOptions>;

/** What is done about a row that cannot be scored. */
export type BadRows = {
  /** `fail` ends the job, `skip` leaves the row out, `null` keeps it without a prediction. */
  readonly policy: 'fail' | 'skip' | 'null';
  /** With more of them the job fails after all. */
  readonly maxRows: number | null;
  readonly maxPercent: number | null;
};

/** The same with all that was left open filled in. */
export type JobOptions = {
  readonly format: Format | 'auto';
  /** `null`: the one that the header is written with. */
  readonly delimiter: string | null;
  /** `null`: told by the name of the file. */
  readonly gzip: boolean | null;
  readonly output: {
    readonly format: Format | 'same';
    readonly delimiter: string | null;
    readonly join: 'all' | 'none' | readonly string[];
    readonly probabilities: boolean;
  };
  readonly badRows: BadRows;
};

export function optionsOf(asked: AskedOptions): JobOptions {
  const { format = 'auto', delimiter = null, gzip = null, output = {}, bad_rows: bad } = asked;
  return {
    format,
    delimiter,
    gzip,
    output: {
      format: output.format ?? 'same',
      delimiter: output.delimiter ?? null,
      join: output.join ?? 'all',
      probabilities: output.probabilities ?? false,
    },
    badRows: {
      policy: bad?.policy ?? 'fail',
      maxRows: bad?.max_rows ?? null,
      maxPercent: bad?.max_percent ?? null,
    },
  };
}

export const plainOptions: JobOptions = optionsOf({});

/** The same in the words in which they are asked for. */
export function presentOptions({ format, delimiter, gzip, output, badRows }: JobOptions) {
  return {
    format,
    delimiter,
    gzip,
    output,
    bad_rows: { policy: badRows.policy, max_rows: badRows.maxRows, max_percent: badRows.maxPercent },
  };
}
