import type { Context } from '../context.ts';
import { modelById, modelByName } from '../registry/index.ts';
import { type NodeId, parseNodeId, partsOf, versionIn, versionNode } from './node.ts';
import { unlessMissing } from './record-run.ts';

/** The node that a text names; a version may be named by its model's name, and is answered by the model's id. */
export async function resolvedNode(ctx: Context, text: string): Promise<NodeId> {
  const id = parseNodeId(text);
  const { kind, name } = partsOf(id);
  const asked = kind === 'version' ? versionIn(name) : undefined;
  if (!asked) return id;
  const { model, version } = asked;
  const isId = /^[0-9a-f]{32}$/.test(model) && (await unlessMissing(modelById(ctx, model))) !== undefined;
  const modelId = isId ? model : (await unlessMissing(modelByName(ctx, model)))?.modelId;
  return versionNode(modelId ?? model, version);
}
