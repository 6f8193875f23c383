import type { Resource } from '../access/index.ts';
import { ownerOfJob as jobOwner } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { isReadable } from '../datasets/index.ts';
import { getRetraining } from '../pipelines/index.ts';
import { experimentOfModel, experimentOfRun } from '../tracking/index.ts';
import { inTurns } from '../turns.ts';
import { type NodeId, partsOf, versionIn } from './node.ts';
import { unlessMissing } from './record-run.ts';
import { edgesOf } from './store.ts';

/*
 * Who sees what of the graph. A node that belongs to an experiment, a model or an endpoint is seen by who may see
 * that. Code and datasets belong to nobody: they are seen beside something that is seen, or where they stand alone,
 * with a role in the workspace; what OpenLineage events tell of needs that role. All else is left out of an
 * answer, and so is every edge to it, as though it were not there.
 */

const readsAtOnceMax = 8;
/** Edges of a node that belongs to nobody, among which something is looked for that the caller may see. */
const neighboursMax = 100;

/** Whether the caller may see a node. */
export async function isSeen(ctx: Context, id: NodeId): Promise<boolean> {
  if (ctx.access.isPlain) return true;
  const owned = await isSeenAsOwned(ctx, id);
  return owned === 'nobody' ? isSeenBesideOthers(ctx, id) : owned;
}

/** Those of the neighbours of a node, which is seen itself, that the caller may see. */
export async function seenBeside(
  ctx: Context,
  node: NodeId,
  neighbours: readonly NodeId[],
): Promise<ReadonlySet<NodeId>> {
  if (ctx.access.isPlain) return new Set(neighbours);
  const isOwned = ownerIn(node) !== 'nobody';
  const seen = await inTurns([...new Set(neighbours)], readsAtOnceMax, async (id) => {
    const owned = await isSeenAsOwned(ctx, id);
    if (owned !== 'nobody') return owned ? [id] : [];
    const isBeside = isOwned && !isForeign(id);
    return isBeside || (await isSeenBesideOthers(ctx, id)) ? [id] : [];
  });
  return new Set(seen.flat());
}

/** What a node belongs to, told by its id alone where that is possible. */
export function ownerIn(id: NodeId): Resource | 'job' | 'file' | 'nobody' {
  const { kind, name } = partsOf(id);
  const experiment = (experimentId: string | undefined) =>
    experimentId === undefined ? 'nobody' : ({ type: 'experiment', id: experimentId } as const);
  switch (kind) {
    case 'run':
      return experiment(experimentOfRun(name));
    case 'logged-model':
      return experiment(experimentOfModel(name));
    case 'version':
      return { type: 'model', id: versionIn(name)?.model ?? name };
    case 'endpoint':
      return { type: 'endpoint', id: name };
    case 'batch-job':
    case 'retraining':
      return 'job';
    case 'file':
      return 'file';
    case 'code':
    case 'dataset':
    case 'openlineage-job':
    case 'openlineage-run':
    case 'openlineage-dataset':
      return 'nobody';
  }
}

async function isSeenAsOwned(ctx: Context, id: NodeId): Promise<boolean | 'nobody'> {
  const { access } = ctx;
  const owner = ownerIn(id);
  switch (owner) {
    case 'nobody':
      return owner;
    case 'job': {
      const job = await ownerOfJob(ctx, id);
      return job === undefined ? access.may('viewer') : access.may('viewer', job);
    }
    case 'file':
      return isReadable(ctx, { kind: 'blob', uri: blobOf(ctx, partsOf(id).name) });
    default:
      return access.may('viewer', owner);
  }
}

async function isSeenBesideOthers(ctx: Context, id: NodeId): Promise<boolean> {
  if (isForeign(id)) return ctx.access.may('viewer');
  const edges = [
    ...(await edgesOf(ctx, id, 'up', neighboursMax)),
    ...(await edgesOf(ctx, id, 'down', neighboursMax)),
  ];
  const others = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].filter((other) => other !== id);
  const owned = await inTurns(others, readsAtOnceMax, (other) => isSeenAsOwned(ctx, other));
  const isAlone = owned.every((each) => each === 'nobody');
  return owned.includes(true) || (isAlone && ctx.access.may('viewer'));
}

async function ownerOfJob(ctx: Context, id: NodeId): Promise<Resource | undefined> {
  const { kind, name } = partsOf(id);
  if (kind === 'batch-job') return jobOwner(ctx, name);
  const endpoint = (await unlessMissing(getRetraining(ctx, name)))?.endpoint;
  return endpoint === undefined ? undefined : { type: 'endpoint', id: endpoint };
}

function isForeign(id: NodeId): boolean {
  return partsOf(id).kind.startsWith('openlineage-');
}

/** Artifacts are named within the workspace, other files by their blob. */
function blobOf({ workspace }: Context, name: string): string {
  return name.replace(/^artifacts\//, `artifacts/${workspace}/`);
}
