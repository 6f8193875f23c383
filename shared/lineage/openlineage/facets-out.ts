import type { Context } from '../../context.ts';

/** A facet as it is sent: fields of the specification's own, and who says so by which schema. */
export type Facet = Readonly<Record<string, unknown>>;

/** Versions of the facets' schemas, as https://openlineage.io/spec/facets/ publishes them. */
const schemas = {
  dataQualityMetrics: ['1-0-3', 'DataQualityMetricsInputDatasetFacet'],
  errorMessage: ['1-0-1', 'ErrorMessageRunFacet'],
  jobType: ['2-0-4', 'JobTypeJobFacet'],
  nominalTime: ['1-0-1', 'NominalTimeRunFacet'],
  outputStatistics: ['1-0-2', 'OutputStatisticsOutputDatasetFacet'],
  parent: ['1-2-0', 'ParentRunFacet'],
  schema: ['1-2-0', 'SchemaDatasetFacet'],
  sourceCodeLocation: ['1-1-0', 'SourceCodeLocationJobFacet'],
  version: ['1-0-1', 'DatasetVersionDatasetFacet'],
} as const;

/** Facets by name, without those that have nothing to say. */
export function facetsFrom(
  ctx: Context,
  facets: Partial<Record<keyof typeof schemas, Facet | undefined>>,
): Record<string, Facet> {
  return Object.fromEntries(
    Object.entries(facets).flatMap(([name, fields]) => {
      if (fields === undefined) return [];
      const [version, type] = schemas[name as keyof typeof schemas];
      const _schemaURL = `https://openlineage.io/spec/facets/${version}/${type}.json#/$defs/${type}`;
      return [[name, { _producer: producerOf(ctx), _schemaURL, ...fields }]];
    }),
  );
}

/** Who sends: this deployment, by its address. */
export function producerOf(ctx: Context): string {
  return ctx.settings.publicUrl;
}
