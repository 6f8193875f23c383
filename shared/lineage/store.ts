import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Key } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import type { Edge, EdgeKind } from './edge.ts';
import type { NodeId } from './node.ts';
import type { KeptFacets } from './openlineage/facets.ts';

/** What is shown of a node. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A node that is kept nowhere else in the platform: what it is called and what is known of it. */
export type NodeDescription = {
  readonly label: string;
  readonly facts: Facts;
  /** Under what the node has been looked for among those that are the same thing. */
  readonly looked?: readonly string[];
  /** Of a node that OpenLineage events tell of: its facets, and its last state. */
  readonly facets?: KeptFacets;
  readonly state?: { readonly at: number; readonly type: string };
};

/**
 * One end of an edge, in the partition of the node it is an end of; create-only, its id stands for the edge.
 * `side` is where the edge lies as seen from `node`: it comes `in`, goes `out`, or leads `both` ways.
 */
type EdgeEnd = Document & {
  readonly type: 'edge';
  readonly node: NodeId;
  readonly side: 'in' | 'out' | 'both';
  readonly other: NodeId;
  readonly kind: EdgeKind;
  readonly at: number;
};

type NodeDocument = Document & NodeDescription & { readonly type: 'node'; readonly node: NodeId };

export type Direction = 'up' | 'down';

const atOnceMax = 8;
const perBatchMax = 50;

/**
 * Writes edges that have the node `hub` at one end. Its own ends are written last: an end that is there says
 * that the other one is, so that doing it again costs one query and completes what a crash left. `prepare` is done
 * for the other node of each edge that is not there, before it is.
 */
export async function connect(
  ctx: Context,
  hub: NodeId,
  edges: readonly Edge[],
  prepare: (node: NodeId) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const ends = new Map(
    edges.filter(({ from, to }) => from !== to).map((edge) => [idOf(edge), endAt(ctx, hub, edge)] as const),
  );
  const missing = await missingOf(ctx, hub, [...ends.values()]);
  await inTurns(missing, atOnceMax, async (end) => {
    await prepare(end.other);
    await create(ctx, end.other, [otherEnd(end)]);
  });
  await create(ctx, hub, missing);
}

/**
 * The edges of a node in one direction, newest first, at most `limit`. Where there are more, those between nodes
 * of the platform come first: what is told from outside never takes their room.
 */
export async function edgesOf(
  ctx: Context,
  node: NodeId,
  direction: Direction,
  limit: number,
): Promise<Edge[]> {
  const all = await newestEdges(ctx, node, { direction, limit });
  if (all.length < limit) return all;
  const own = await newestEdges(ctx, node, { direction, limit, isOwn: true });
  return [...own, ...all.filter((edge) => !own.some((each) => isDeepStrictEqual(each, edge)))].slice(
    0,
    limit,
  );
}

async function newestEdges(
  ctx: Context,
  node: NodeId,
  { direction, limit, isOwn = false }: { direction: Direction; limit: number; isOwn?: boolean },
): Promise<Edge[]> {
  const side = direction === 'up' ? 'in' : 'out';
  const ends = await lineage(ctx).query<Pick<EdgeEnd, 'other' | 'kind' | 'at' | 'side'>>(
    {
      text: `SELECT c.other, c.kind, c.at, c.side FROM c
        WHERE c.type = 'edge' AND c.side IN (@side, 'both')
        ${isOwn ? "AND NOT STARTSWITH(c.other, 'openlineage-')" : ''} ORDER BY c.at DESC`,
      values: { side },
    },
    { key: partition(ctx, node), limit },
  );
  return ends
    .map(({ other, kind, at, side: lies }): Edge => {
      const isFrom = lies === 'both' ? node < other : lies === 'out';
      return { from: isFrom ? node : other, to: isFrom ? other : node, kind, at };
    })
    .toSorted(newestFirst);
}

/** Newest first; what is of one instant by its ends. */
export function newestFirst(a: Edge, b: Edge): number {
  return b.at - a.at || byText(a.from, b.from) || byText(a.to, b.to) || byText(a.kind, b.kind);
}

/** What is known of a node that is kept nowhere else. */
export async function describedNode(ctx: Context, node: NodeId): Promise<NodeDescription | undefined> {
  return (await lineage(ctx).read<NodeDocument>(partition(ctx, node), 'node'))?.doc;
}

/** Changes what is known of such a node by one compare-and-swap; the same again writes nothing. */
export async function describe(
  ctx: Context,
  node: NodeId,
  change: (before: NodeDescription | undefined) => Promise<NodeDescription>,
): Promise<void> {
  await swap(ctx, `Node '${node}'`, async () => {
    const stored = await lineage(ctx).read<NodeDocument>(partition(ctx, node), 'node');
    const doc = documentOf(ctx, node, await change(stored?.doc));
    if (stored && isDeepStrictEqual(doc, stored.doc)) return undefined;
    const { outcome } = await lineage(ctx).write(
      partition(ctx, node),
      stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc },
    );
    return outcome === 'applied' ? undefined : lost;
  });
}

/** Whether anything leads to or from a node. */
export async function isConnected(ctx: Context, node: NodeId): Promise<boolean> {
  const found = await lineage(ctx).query<string>(
    { text: "SELECT VALUE c.id FROM c WHERE c.type = 'edge'" },
    { key: partition(ctx, node), limit: 1 },
  );
  return found.length > 0;
}

export function lineage(ctx: Context) {
  return ctx.stores.documents('lineage');
}

export function partition(ctx: Context, node: string): Key {
  return [ctx.workspace, node];
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The ends that are not there. An answer from the past is no harm: what is there then is not written again. */
async function missingOf(ctx: Context, node: NodeId, ends: readonly EdgeEnd[]): Promise<EdgeEnd[]> {
  const there = new Set<string>();
  for (let i = 0; i < ends.length; i += perBatchMax)
    for (const id of await existing(ctx, node, ends.slice(i, i + perBatchMax))) there.add(id);
  return ends.filter(({ id }) => !there.has(id));
}

/** Creates documents of one partition; those that are there already stay as they are. */
async function create(ctx: Context, node: NodeId, docs: readonly EdgeEnd[]): Promise<void> {
  for (let i = 0; i < docs.length; i += perBatchMax) {
    let left = docs.slice(i, i + perBatchMax);
    while (left.length > 0) {
      const { outcome } = await lineage(ctx).batch(
        partition(ctx, node),
        left.map((doc) => ({ op: 'create', doc })),
      );
      if (outcome === 'applied' || left.length === 1) break;
      const there = new Set(await existing(ctx, node, left, 'strong'));
      left = left.filter(({ id }) => !there.has(id));
    }
  }
}

function existing(
  ctx: Context,
  node: NodeId,
  docs: readonly Document[],
  consistency: 'strong' | 'eventual' = 'eventual',
): Promise<string[]> {
  if (docs.length === 0) return Promise.resolve([]);
  const values = Object.fromEntries(docs.map(({ id }, i) => [`id${i}`, id]));
  return lineage(ctx).query<string>(
    {
      text: `SELECT VALUE c.id FROM c WHERE c.id IN (${docs.map((_, i) => `@id${i}`).join(', ')})`,
      values,
    },
    { key: partition(ctx, node), consistency },
  );
}

function endAt(ctx: Context, node: NodeId, edge: Edge): EdgeEnd {
  const isFrom = edge.from === node;
  return {
    id: idOf(edge),
    type: 'edge',
    v: 1,
    workspace: ctx.workspace,
    node,
    side: edge.kind === 'same-as' ? 'both' : isFrom ? 'out' : 'in',
    other: isFrom ? edge.to : edge.from,
    kind: edge.kind,
    at: edge.at,
  };
}

function otherEnd(end: EdgeEnd): EdgeEnd {
  const opposite = { in: 'out', out: 'in', both: 'both' } as const;
  return { ...end, node: end.other, other: end.node, side: opposite[end.side] };
}

function idOf({ from, to, kind }: Edge): string {
  return `edge:${createHash('sha256')
    .update(JSON.stringify([from, to, kind]))
    .digest('hex')}`;
}

function documentOf(ctx: Context, node: NodeId, description: NodeDescription): NodeDocument {
  const { label, facts, facets, state, looked } = description;
  return {
    id: 'node',
    type: 'node',
    v: 1,
    workspace: ctx.workspace,
    node,
    label,
    facts,
    ...(facets ? { facets } : {}),
    ...(state ? { state } : {}),
    ...(looked ? { looked } : {}),
  };
}
