import * as z from 'zod';
import { CairnError, parse } from '../../http/index.ts';
import { nodeIdBytesMax } from '../node.ts';

/**
 * What the specification asks of an event, version 2-0-2 and, in what is checked here, every one before:
 * https://openlineage.io/spec/2-0-2/OpenLineage.json. Fields that it does not name are let through.
 */

const eventTypes = ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] as const;
export type EventType = (typeof eventTypes)[number];

const datasetsMax = 1000;
/** The kind and the slash that make a node id of a namespace and a name. */
export const nameBytesMax = nodeIdBytesMax - 'openlineage-dataset:/'.length;

const facet = z.looseObject({
  _producer: z.string().min(1, 'must not be empty'),
  _schemaURL: z.string().min(1, 'must not be empty'),
  _deleted: z.boolean().nullish(),
});
const facets = z.record(z.string(), facet).nullish();
export type FacetMap = z.output<typeof facets>;

const uri = z.string().refine((text) => URL.canParse(text), 'must be a URI');
const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID')
  .transform((text) => text.toLowerCase());

/** https://www.rfc-editor.org/rfc/rfc3339#section-5.6; as milliseconds since 1970. */
const time = z
  .string()
  .refine(
    (text) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i.test(text) &&
      !Number.isNaN(Date.parse(text)),
    'must be a time of RFC 3339 with its offset, such as 2026-01-31T12:00:00Z',
  )
  .transform((text) => Date.parse(text));

const named = z
  .object({ namespace: z.string().min(1, 'must not be empty'), name: z.string().min(1, 'must not be empty') })
  .refine(
    ({ namespace, name }) => Buffer.byteLength(namespace) + Buffer.byteLength(name) <= nameBytesMax,
    `namespace and name must have at most ${nameBytesMax} bytes together`,
  );
const job = named.and(z.object({ facets }));
const run = z.object({ runId: uuid, facets });
const dataset = named.and(z.object({ facets, inputFacets: facets, outputFacets: facets }));
const datasets = z
  .array(dataset)
  .max(datasetsMax, `must be at most ${datasetsMax} datasets`)
  .nullish()
  .transform((list) => list ?? []);

const base = z.object({ eventTime: time, producer: uri, schemaURL: uri });
const runEvent = base.extend({
  eventType: z.enum(eventTypes).nullish(),
  run,
  job,
  inputs: datasets,
  outputs: datasets,
});
const jobEvent = base.extend({ job, inputs: datasets, outputs: datasets });
const datasetEvent = base.extend({ dataset });

export type OpenLineageJob = z.output<typeof job>;
export type OpenLineageDataset = z.output<typeof dataset>;
export type OpenLineageEvent =
  | ({ readonly of: 'run' } & z.output<typeof runEvent>)
  | ({ readonly of: 'job' } & z.output<typeof jobEvent>)
  | ({ readonly of: 'dataset' } & z.output<typeof datasetEvent>);

/** The event in the JSON of a body. Throws `invalid` with the first field that is not as the specification says. */
export function parseEvent(value: unknown): OpenLineageEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CairnError('invalid', 'An event must be a JSON object.');
  if ('run' in value) return { of: 'run', ...parse(runEvent, value) };
  if ('dataset' in value) return { of: 'dataset', ...parse(datasetEvent, value) };
  if ('job' in value) return { of: 'job', ...parse(jobEvent, value) };
  throw new CairnError(
    'invalid',
    'The event has none of run, job and dataset; it must be a RunEvent, a JobEvent or a DatasetEvent.',
    { field: 'run' },
  );
}
