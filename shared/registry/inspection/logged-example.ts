import type { Context } from '../../context.ts';
import { isCode } from '../../http/index.ts';
import type { Port, Tensors } from '../../sessions/index.ts';
import type { ModelVersion } from '../model.ts';
import { fileAt } from './artifact-files.ts';
import { readExample } from './example.ts';
import { readMlModel } from './mlmodel.ts';
import { Refusal } from './refusal.ts';

/**
 * The first row of the input example that a version was logged with, as tensors of these inputs; `null` where
 * there is none, where it is gone, or where it does not fit them. Some rows of an author's data may be in it.
 */
export async function loggedExample(
  ctx: Context,
  version: ModelVersion,
  inputs: readonly Port[],
): Promise<Tensors | null> {
  if (version.artifact?.inputExample === undefined) return null;
  try {
    const mlModel = await fileAt(ctx, version, 'MLmodel');
    const { servingExample } = await readMlModel(ctx, mlModel ? [mlModel] : []);
    if (servingExample === undefined) return null;
    return await readExample(ctx, await fileAt(ctx, version, servingExample), inputs);
  } catch (error) {
    // Its run was purged, its path leads elsewhere, or somebody writes it anew just now.
    if (error instanceof Refusal || isCode(error, 'invalid', 'not-found', 'conflict')) return null;
    throw error;
  }
}
