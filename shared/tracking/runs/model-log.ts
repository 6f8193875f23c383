import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { cut } from '../limits.ts';
import { longTexts } from '../texts.ts';
import { changeRun } from './changes.ts';
import { keepTexts } from './overflow.ts';
import { completeRun, withTexts } from './texts.ts';

/** Where clients before MLflow 3 look for the models of a run: a JSON list. */
const historyTag = 'mlflow.log-model.history';
const historyCharsMax = 1_000_000;

const requiredFields = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'] as const;
const keptFields = ['run_id', 'artifact_path', 'utc_time_created', 'model_uuid'] as const;

/**
 * Adds a model, as its `MLmodel` file describes it, to the list in the tag `mlflow.log-model.history` of
 * an active run. The same model again changes nothing.
 */
export async function recordModel(ctx: Context, runId: string, modelJson: string): Promise<void> {
  const entry = entryOf(modelJson);
  await changeRun(ctx, runId, async (run) => {
    const { tags } = await completeRun(ctx, run);
    const history = historyIn(Object.hasOwn(tags, historyTag) ? tags[historyTag] : undefined);
    if (history.some((known) => JSON.stringify(known) === JSON.stringify(entry))) return run;
    const tag = { key: historyTag, value: JSON.stringify([...history, entry]) };
    if (tag.value.length > historyCharsMax)
      throw new CairnError(
        'invalid',
        `The models of a run take at most ${historyCharsMax} characters in its tag '${historyTag}'.`,
        { field: 'model_json' },
      );
    await keepTexts(ctx, run, longTexts([tag]));
    return withTexts(run, 'tags', [tag]);
  });
}

function entryOf(modelJson: string): Record<string, unknown> {
  const model = jsonIn(modelJson);
  if (typeof model !== 'object' || model === null || Array.isArray(model))
    throw malformed(`Malformed model info. \n ${cut(modelJson, 200)} \n is not a valid JSON.`);
  const fields = model as Record<string, unknown>;
  const missing = requiredFields.filter((name) => !Object.hasOwn(fields, name));
  if (missing.length > 0)
    throw malformed(
      `Model json is missing mandatory fields: {${missing.map((name) => `'${name}'`).join(', ')}}`,
    );
  const kept = keptFields.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]]);
  return { ...(Object.fromEntries(kept) as object), flavors: withoutConfigs(fields['flavors']) };
}

/** A flavour's `config` is for its loader alone and may be long. */
function withoutConfigs(flavors: unknown): unknown {
  if (typeof flavors !== 'object' || flavors === null) return {};
  return Object.fromEntries(
    Object.entries(flavors).map(([name, flavor]: [string, unknown]) => {
      if (typeof flavor !== 'object' || flavor === null) return [name, flavor];
      const { config: _, ...rest } = flavor as Record<string, unknown>;
      return [name, rest];
    }),
  );
}

function historyIn(tag: string | undefined): unknown[] {
  const history = tag === undefined ? [] : jsonIn(tag);
  if (Array.isArray(history)) return history as unknown[];
  throw new CairnError(
    'invalid',
    `The tag '${historyTag}' of the run is no JSON list; delete it to log models again.`,
    { field: 'run_id' },
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(message: string): CairnError {
  return new CairnError('invalid', message, { field: 'model_json' });
}
