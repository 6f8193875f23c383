import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { inTurns } from '../turns.ts';
import type { Edge } from './edge.ts';
import { type LineageNode, shownNodes } from './facts.ts';
import { type NodeId, partsOf } from './node.ts';
import { presentFacets } from './openlineage/facets.ts';
import { resolvedNode } from './resolve.ts';
import { isSeen, seenBeside } from './sight.ts';
import { describedNode, type Direction, edgesOf, isConnected, newestFirst } from './store.ts';

export type LineageQuery = {
  /** `<kind>:<id>`; a version also by the name of its model. */
  readonly node: string;
  /** `both` is what led to the node and what came of it, not what came of that which led to it. */
  readonly direction: Direction | 'both';
  /** Edges between the node and the farthest one. */
  readonly depth: number;
};

export type LineageGraph = {
  readonly node: NodeId;
  /** The node asked for first, then the nearer ones before the farther. */
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly Edge[];
  /** Whether there is more than is told: too many nodes, or too many edges at one of them. The newest are told. */
  readonly truncated: boolean;
};

/** Bounds of one answer. */
type LineageLimits = {
  readonly nodesMax: number;
  /** Edges followed from one node in one direction. */
  readonly fanOutMax: number;
};

const lineageLimits: LineageLimits = { nodesMax: 500, fanOutMax: 100 };

const queriesAtOnceMax = 8;

/**
 * The graph around a node, breadth first: one query for each node that is passed, some point reads for
 * each that is told. What the caller may not see is left out, and not walked through. Throws `invalid` for what is
 * no node id, `not-found` where nothing is known of the node, or nothing that they may see.
 */
export async function lineageOf(
  ctx: Context,
  query: LineageQuery,
  limits: LineageLimits = lineageLimits,
): Promise<LineageGraph> {
  const node = await resolvedNode(ctx, query.node);
  if (!(await isSeen(ctx, node))) throw unknown(query.node);
  const { ids, edges, truncated } = await walk(ctx, node, query, limits);
  const nodes = await shownNodes(ctx, ids);
  const start = nodes.get(node);
  const isUnknown = edges.length === 0 && !(await isKnown(ctx, node, start));
  if (isUnknown) throw unknown(query.node);
  return { node, nodes: ids.flatMap((id) => nodes.get(id) ?? []), edges, truncated };
}

/** The facets that OpenLineage events told of a node, by name. Throws `not-found` where there is none that the caller may see. */
export async function facetsOf(
  ctx: Context,
  text: string,
): Promise<{ node: NodeId; facets: Readonly<Record<string, unknown>>; left_out: string[] }> {
  const node = await resolvedNode(ctx, text);
  const described = (await isSeen(ctx, node)) ? await describedNode(ctx, node) : undefined;
  if (!described) throw unknown(text);
  const kept = described.facets ?? {};
  const left = Object.keys(kept).filter((name) => kept[name]?.left === 'too-large');
  return { node, facets: presentFacets(kept), left_out: left };
}

async function walk(
  ctx: Context,
  start: NodeId,
  { direction, depth }: LineageQuery,
  { nodesMax, fanOutMax }: LineageLimits,
): Promise<{ ids: NodeId[]; edges: Edge[]; truncated: boolean }> {
  const ids = new Set<NodeId>([start]);
  const edges = new Map<string, Edge>();
  let truncated = false;
  const directions: readonly Direction[] = direction === 'both' ? ['up', 'down'] : [direction];
  const walks = directions.map((way) => ({ way, seen: new Set([start]), frontier: [start] }));
  // A level of each direction in turn, so that neither takes all the room.
  for (let level = 0; level < depth; level++)
    for (const walked of walks) {
      const { way, seen } = walked;
      const found = await inTurns(walked.frontier, queriesAtOnceMax, async (node) => {
        const led = await edgesOf(ctx, node, way, fanOutMax + 1);
        return { node, edges: led, shown: await seenBeside(ctx, node, led.map(otherThan(node))) };
      });
      walked.frontier = [];
      for (const { node, edges: all, shown } of found) {
        truncated ||= all.length > fanOutMax;
        for (const edge of all.slice(0, fanOutMax)) {
          const next = otherThan(node)(edge);
          if (!shown.has(next)) continue;
          if (!ids.has(next) && ids.size >= nodesMax) {
            truncated = true;
            continue;
          }
          ids.add(next);
          edges.set(JSON.stringify([edge.from, edge.to, edge.kind]), edge);
          if (seen.has(next)) continue;
          seen.add(next);
          walked.frontier.push(next);
        }
      }
    }
  return { ids: [...ids], edges: [...edges.values()].toSorted(newestFirst), truncated };
}

/** The other end of an edge. */
function otherThan(node: NodeId): (edge: Edge) => NodeId {
  return ({ from, to }) => (from === node ? to : from);
}

/** Whether a node without edges in the direction asked for is one all the same. */
async function isKnown(ctx: Context, node: NodeId, shown: LineageNode | undefined): Promise<boolean> {
  switch (partsOf(node).kind) {
    case 'code':
    case 'file':
      return isConnected(ctx, node);
    default:
      return shown?.facts['state'] !== 'purged' || isConnected(ctx, node);
  }
}

function unknown(text: string): CairnError {
  return new CairnError('not-found', `Nothing is known of '${text.slice(0, 200)}'.`, { field: 'node' });
}
