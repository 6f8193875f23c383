import type { Context } from '../context.ts';
import type { BatchJob } from './job.ts';

/** What OpenLineage tells of an input: https://openlineage.io/spec/facets/1-0-3/DataQualityMetricsInputDatasetFacet.json */
export type InputQuality = {
  readonly rowCount: number;
  readonly bytes: number;
  readonly fileCount: number;
  readonly columnMetrics: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** Columns of a report, as far as they are told of here. */
type Told = {
  readonly counts: { readonly rows_read: number };
  readonly profile: {
    readonly input: readonly {
      readonly name: string;
      readonly kind: 'numeric' | 'categorical' | 'hidden';
      readonly rows: number;
      readonly missing: number;
      readonly distinct?: number;
      readonly min?: number | null;
      readonly max?: number | null;
      readonly quantiles?: Readonly<Record<string, number>> | null;
    }[];
  } | null;
};

/** What the report of a job says of the quality of its input, without columns of personal data; `undefined` without a report. */
export async function qualityOf(ctx: Context, job: BatchJob): Promise<InputQuality | undefined> {
  if (job.status !== 'succeeded' || job.report === undefined) return undefined;
  const bytes = await ctx.stores.blobs('batch-output').read(job.report);
  if (!bytes) return undefined;
  const { counts, profile } = JSON.parse(bytes.toString()) as Told;
  const shown = (profile?.input ?? []).filter(({ kind }) => kind !== 'hidden');
  return {
    rowCount: counts.rows_read,
    bytes: job.input.bytes,
    fileCount: job.input.files,
    columnMetrics: Object.fromEntries(
      shown.map(({ name, rows, missing, distinct, min, max, quantiles }) => [
        name,
        {
          nullCount: missing,
          count: rows - missing,
          ...(distinct === undefined ? {} : { distinctCount: distinct }),
          ...(typeof min === 'number' && typeof max === 'number' ? { min, max } : {}),
          ...(quantiles ? { quantiles } : {}),
        },
      ]),
    ),
  };
}
