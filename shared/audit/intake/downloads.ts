import type { Context } from '../../context.ts';
import { intakeOf } from './intake.ts';

/** Files of one model that one caller fetches within this time are one download. */
const windowMilliseconds = 5 * 60_000;
const rememberedMax = 10_000;

/** When each caller's download of each model began that this instance has entered, the oldest first. */
const begun = new WeakMap<object, Map<string, number>>();

/**
 * Enters that the caller fetches a model, and ends once that is stored. `model` names it: `logged-model/<id>`,
 * `version/<name>/<number>` or `artifacts/<folder>`. Throws where it cannot be stored: what is not entered is not
 * handed out.
 */
export async function recordDownload(ctx: Context, model: string, operation: string): Promise<void> {
  const { documents } = ctx.stores;
  const known = begun.get(documents) ?? new Map<string, number>();
  begun.set(documents, known);
  const key = JSON.stringify([ctx.workspace, ctx.principal.id, model]);
  const now = ctx.clock.now();
  if ((known.get(key) ?? Number.NEGATIVE_INFINITY) > now - windowMilliseconds) return;
  await intakeOf(ctx).note({
    key: `download ${key}`,
    ctx,
    event: { type: 'model.downloaded', subject: { model, operation } },
  });
  known.delete(key);
  known.set(key, now);
  const [oldest] = known.keys();
  if (known.size > rememberedMax && oldest !== undefined) known.delete(oldest);
}

const loggedModel = /(?:^|\/)models\/(m-[0-9a-f]{32})\/artifacts(?:\/|$)/;
const modelFile =
  /^(?:MLmodel|.*\.(?:onnx|pkl|pickle|joblib|skops|pt|pth|safetensors|h5|keras|cbm|ubj|xgb|lgb|model))$/i;

/**
 * The model that a file among the artifacts belongs to: the logged model in whose folder it lies, or the folder of a
 * file that only models have. `undefined` for all other files.
 */
export function modelOfFile(path: string): string | undefined {
  const id = loggedModel.exec(path)?.[1];
  if (id !== undefined) return `logged-model/${id}`;
  const slash = path.lastIndexOf('/');
  return modelFile.test(path.slice(slash + 1)) ? `artifacts/${path.slice(0, Math.max(0, slash))}` : undefined;
}
