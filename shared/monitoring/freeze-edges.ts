import { fullAccess } from '../access/index.ts';
import { type Context, platform } from '../context.ts';
import { readTable, type Table } from '../datasets/index.ts';
import { rulesOf } from '../endpoints/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { ruleOf } from '../privacy/index.ts';
import { edgesFor, edgeSetOf, keepEdges } from '../profiles/index.ts';
import { getReady, type VersionReady } from '../registry/index.ts';
import { isUnreadable, scoreTable, spread } from './reference.ts';

/**
 * Fixes, once for each version that names a reference set, between which edges its predictions are counted: when the
 * version is ready, or its reference can be read for the first time. A subscriber of what makes a version ready, or
 * an endpoint answer with it.
 */
export async function freezeEdges(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { modelId, version, rolloutTo, to } = subject;
  const number = Number(version ?? rolloutTo ?? to);
  if (modelId === undefined || !Number.isInteger(number)) return;
  const here: Context = { ...ctx, principal: platform, access: fullAccess };
  const of = { modelId, version: number };
  const ready = await unlessCode(getReady(here, modelId, number), 'not-found', 'conflict', 'unavailable');
  if (!ready?.reference || (await edgesFor(here, of))) return;
  try {
    const table = await readTable(here, ready.reference);
    const names = await countedColumns(here, ready, table);
    const [input, ...others] = ready.signature.inputs;
    const edges = edgeSetOf(
      names.map((name) => ({ name, cells: table.column(name) })),
      {
        score: await answersOf(here, ready, table),
        isFloat32: others.length === 0 && input?.elementType === 'float32',
      },
    );
    await keepEdges(here, of, edges);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    // It is not said which value: the set may hold personal data.
    ctx.log.warn('no edges, since the reference set cannot be read', { ...of, code: error.code });
  }
}

/** The columns of the reference that the model is asked by, without those that hold personal data. */
async function countedColumns(ctx: Context, ready: VersionReady, table: Table): Promise<string[]> {
  const { modelId, version, digest, features, signature, reference } = ready;
  const inputs = signature.inputs.map(({ name }) => name);
  const rules = await rulesOf(ctx, {}, { modelId, stable: { version, digest } });
  const tensorOf = (name: string) => (features?.includes(name) ? (inputs[0] ?? name) : name);
  return (features ?? inputs).filter(
    (name) =>
      name !== reference?.labelColumn &&
      table.columns.includes(name) &&
      ruleOf(rules, { side: 'in', tensor: tensorOf(name), name }) === undefined,
  );
}

/** The numbers that a regressor answers to its reference; none of a classifier, or of a model that cannot be asked. */
async function answersOf(ctx: Context, ready: VersionReady, table: Table): Promise<Float64Array> {
  try {
    const { classes, scores } = await scoreTable(ctx, ready, table, spread(table.rows));
    return classes ? new Float64Array() : scores;
  } catch (error) {
    if (isUnreadable(error)) return new Float64Array();
    throw error;
  }
}
