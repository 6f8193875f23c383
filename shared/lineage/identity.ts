import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import type { Edge } from './edge.ts';
import { type NodeId, partsOf } from './node.ts';
import { connect, describe, lineage, type NodeDescription, partition } from './store.ts';

/** Says that a node is known under a key; create-only, in a partition of the key. */
type Alias = Document & { readonly type: 'alias'; readonly node: string; readonly target: NodeId };

const aliasesMax = 100;
const lookedMax = 20;

/** The key of a dataset's content. */
export function digestKey(digest: string): string {
  return `digest ${digest}`;
}

/**
 * Makes a node known under keys, such as its digest and where it lies, and returns what else is known under
 * them and of another kind. Written before it is read, strongly: of two that do this at once, one sees the other.
 */
export async function identify(ctx: Context, node: NodeId, keys: readonly string[]): Promise<NodeId[]> {
  const found = new Set<NodeId>();
  for (const key of keys) {
    const place = `known:${sha256(key)}`;
    const doc: Alias = {
      id: `alias:${sha256(node)}`,
      type: 'alias',
      v: 1,
      workspace: ctx.workspace,
      node: place,
      target: node,
    };
    await lineage(ctx).write(partition(ctx, place), { op: 'create', doc });
    const targets = await lineage(ctx).query<NodeId>(
      { text: "SELECT VALUE c.target FROM c WHERE c.type = 'alias'" },
      { key: partition(ctx, place), limit: aliasesMax, consistency: 'strong' },
    );
    for (const target of targets) if (partsOf(target).kind !== partsOf(node).kind) found.add(target);
  }
  return [...found];
}

/** A node that is kept nowhere else, joined with those that are known under the same keys. */
export async function describeOnce(
  ctx: Context,
  node: NodeId,
  description: NodeDescription,
  keys: readonly string[],
  at: number,
): Promise<void> {
  await describe(ctx, node, async (before) => {
    const looked = await lookUpOnce(before, keys, async (wanted) =>
      join(ctx, node, await identify(ctx, node, wanted), at),
    );
    return { ...(before ?? description), looked };
  });
}

/** Runs `look` for the keys that it has not been run for; returns all that it has, the last ones of many. */
export async function lookUpOnce(
  before: NodeDescription | undefined,
  keys: readonly string[],
  look: (keys: readonly string[]) => Promise<void>,
): Promise<readonly string[]> {
  const looked = before?.looked ?? [];
  const wanted = keys.filter((key) => !looked.includes(key));
  if (wanted.length === 0) return looked;
  await look(wanted);
  return [...looked, ...wanted].slice(-lookedMax);
}

/** Says that other nodes are the same thing as this one. */
export async function join(ctx: Context, node: NodeId, others: readonly NodeId[], at: number): Promise<void> {
  await connect(
    ctx,
    node,
    others.map((other) => sameAs(node, other, at)),
  );
}

/** The edge between two nodes that are the same thing; the same one whichever is named first. */
function sameAs(a: NodeId, b: NodeId, at: number): Edge {
  const [from, to] = a < b ? [a, b] : [b, a];
  return { from, to, kind: 'same-as', at };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
