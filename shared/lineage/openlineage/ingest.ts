import type { Context } from '../../context.ts';
import { glanceAtRuns } from '../../tracking/index.ts';
import { inTurns } from '../../turns.ts';
import type { Edge } from '../edge.ts';
import { digestKey, identify, join, lookUpOnce } from '../identity.ts';
import { type NodeId, nodeId } from '../node.ts';
import { unlessMissing } from '../record-run.ts';
import { resolvedNode } from '../resolve.ts';
import { connect, describe, type Facts, type NodeDescription } from '../store.ts';
import {
  type EventType,
  type FacetMap,
  nameBytesMax,
  type OpenLineageDataset,
  type OpenLineageEvent,
  type OpenLineageJob,
} from './event.ts';
import { withFacets } from './facets.ts';
import { type DatasetName, locationKey, ownNamespace } from './names.ts';

const atOnceMax = 8;

/**
 * Takes an event into the graph. Events may come twice and in any order: what an event says is merged by
 * its time, and edges are there once. Nodes are described before edges lead to them.
 */
export async function recordEvent(ctx: Context, event: OpenLineageEvent): Promise<void> {
  switch (event.of) {
    case 'dataset':
      await recordDataset(ctx, event.dataset, event);
      return;
    case 'job': {
      const job = await recordJob(ctx, event.job, event);
      await connect(ctx, job, await dataEdges(ctx, job, event));
      return;
    }
    case 'run':
      return recordRunEvent(ctx, event);
  }
}

type RunEvent = Extract<OpenLineageEvent, { of: 'run' }>;
type Sent = { readonly eventTime: number; readonly producer: string };

async function recordRunEvent(ctx: Context, event: RunEvent): Promise<void> {
  const { run, eventTime: at } = event;
  const node = nodeId('openlineage-run', run.runId);
  const job = await recordJob(ctx, event.job, event);
  await describe(ctx, node, async (before) => {
    const looked = await lookUpOnce(before, [run.runId], async () => {
      if (await isOwnRun(ctx, run.runId)) await join(ctx, node, [ownRun(run.runId)], at);
    });
    return { ...describedRun(before, event), looked };
  });
  const parent = parentIn(run.facets);
  const data = await dataEdges(ctx, node, event);
  await connect(ctx, node, [
    { from: job, to: node, kind: 'ran-as', at },
    ...(parent && parent !== run.runId ? [await parentEdge(ctx, parent, node, at)] : []),
    ...data,
  ]);
}

async function recordJob(ctx: Context, job: OpenLineageJob, sent: Sent): Promise<NodeId> {
  const node = nodeId('openlineage-job', `${job.namespace}/${job.name}`);
  await describe(ctx, node, (before) =>
    Promise.resolve({
      label: job.name,
      facts: { namespace: job.namespace, name: job.name, ...producer(before, sent) },
      facets: withFacets(before?.facets ?? {}, sent.eventTime, job.facets ?? undefined),
    }),
  );
  return node;
}

async function recordDataset(ctx: Context, dataset: OpenLineageDataset, sent: Sent): Promise<NodeId> {
  const { namespace, name } = dataset;
  const node = nodeId('openlineage-dataset', `${namespace}/${name}`);
  await describe(ctx, node, async (before) => {
    const facets = withFacets(
      before?.facets ?? {},
      sent.eventTime,
      dataset.facets ?? undefined,
      dataset.inputFacets ?? undefined,
      dataset.outputFacets ?? undefined,
    );
    const looked = await lookUpOnce(before, keysOf(dataset), async (keys) => {
      const own = await ownNode(ctx, dataset);
      await join(ctx, node, [...(own ? [own] : []), ...(await identify(ctx, node, keys))], sent.eventTime);
    });
    return {
      label: name,
      facts: { namespace, name, ...producer(before, sent) },
      facets,
      looked,
    };
  });
  return node;
}

async function dataEdges(
  ctx: Context,
  node: NodeId,
  event: Exclude<OpenLineageEvent, { of: 'dataset' }>,
): Promise<Edge[]> {
  const at = event.eventTime;
  const inputs = await inTurns(event.inputs, atOnceMax, (dataset) => recordDataset(ctx, dataset, event));
  const outputs = await inTurns(event.outputs, atOnceMax, (dataset) => recordDataset(ctx, dataset, event));
  return [
    ...inputs.map((from): Edge => ({ from, to: node, kind: 'read', at })),
    ...outputs.map((to): Edge => ({ from: node, to, kind: 'wrote', at })),
  ];
}

/** The edge from a parent, whose own events may never come: it is described as far as it is known. */
async function parentEdge(ctx: Context, parent: string, child: NodeId, at: number): Promise<Edge> {
  if (await isOwnRun(ctx, parent)) return { from: ownRun(parent), to: child, kind: 'parent-of', at };
  const from = nodeId('openlineage-run', parent);
  await describe(ctx, from, (before) => Promise.resolve(before ?? { label: parent, facts: {} }));
  return { from, to: child, kind: 'parent-of', at };
}

function describedRun(before: NodeDescription | undefined, event: RunEvent): NodeDescription {
  const { run, job, eventType: type, eventTime: at } = event;
  const { status: _, ...held } = before?.facts ?? {};
  const state = type && type !== 'OTHER' ? laterState(before?.state, { at, type }) : before?.state;
  const started = Math.min(
    ...[before?.facts['started_at'], type === 'START' ? at : undefined].filter(isNumber),
  );
  return {
    label: job.name,
    facts: {
      ...held,
      namespace: job.namespace,
      job: job.name,
      ...(state ? { status: state.type } : {}),
      ...(Number.isFinite(started) ? { started_at: started } : {}),
      ...(state && isFinal(state.type) ? { ended_at: state.at } : {}),
      ...producer(before, event),
    },
    facets: withFacets(before?.facets ?? {}, at, run.facets ?? undefined),
    ...(state ? { state } : {}),
  };
}

type State = NonNullable<NodeDescription['state']>;

/** A run that has ended stays ended, whatever comes late; otherwise the later event counts. */
function laterState(held: State | undefined, next: { at: number; type: EventType }): State {
  if (!held) return next;
  const [was, is] = [isFinal(held.type), isFinal(next.type)];
  if (was !== is) return was ? held : next;
  return next.at > held.at || (next.at === held.at && next.type > held.type) ? next : held;
}

function isFinal(type: string): boolean {
  return type === 'COMPLETE' || type === 'ABORT' || type === 'FAIL';
}

/** Where a dataset lies, under every name that the event has for it, and the digest of its content. */
function keysOf({ namespace, name, facets }: OpenLineageDataset): string[] {
  const version = facets?.['version']?.['datasetVersion'];
  const identifiers = facets?.['symlinks']?.['identifiers'];
  const names: DatasetName[] = [{ namespace, name }];
  for (const link of Array.isArray(identifiers) ? identifiers.slice(0, 5) : [])
    if (isName(link)) names.push(link);
  return [
    ...names.map(locationKey),
    ...(typeof version === 'string' && version !== '' ? [digestKey(version.slice(0, 200))] : []),
  ];
}

function isName(value: unknown): value is DatasetName {
  const { namespace, name } = (value ?? {}) as Partial<Record<keyof DatasetName, unknown>>;
  return (
    typeof namespace === 'string' &&
    typeof name === 'string' &&
    // What is too long for a name of a dataset is none; it would be kept with the description of this one.
    Buffer.byteLength(namespace) + Buffer.byteLength(name) <= nameBytesMax
  );
}

/** What a name in this platform's own namespace stands for. */
async function ownNode(ctx: Context, { namespace, name }: DatasetName): Promise<NodeId | undefined> {
  return namespace === ownNamespace(ctx) ? unlessMissing(resolvedNode(ctx, name)) : undefined;
}

/** A run of this platform has a UUID for an id, written without hyphens. */
async function isOwnRun(ctx: Context, uuid: string): Promise<boolean> {
  const runId = uuid.replaceAll('-', '');
  return (await glanceAtRuns(ctx, [runId])).has(runId);
}

function ownRun(uuid: string): NodeId {
  return nodeId('run', uuid.replaceAll('-', ''));
}

function parentIn(facets: FacetMap): string | undefined {
  const run = facets?.['parent']?.['run'];
  const id = typeof run === 'object' && run !== null && 'runId' in run ? run.runId : undefined;
  return typeof id === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
    ? id.toLowerCase()
    : undefined;
}

/** Who told of it first: events that come again, or late, change nothing. */
function producer(before: NodeDescription | undefined, sent: Sent): Facts {
  return { producer: before?.facts['producer'] ?? sent.producer.slice(0, 500) };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
