import type { Context } from '../context.ts';
import { parseDatasetRef, requireReadable } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { checkKey, checkLength } from '../tracking/index.ts';

export type Tag = { readonly key: string; readonly value: string };

const charsMax = { key: 250, value: 100_000 } as const;
const promptTextTag = 'mlflow.prompt.text';

/** Refuses a tag that MLflow does not take for a model (`_validate_registered_model_tag`). */
export function checkModelTag({ key, value }: Tag): void {
  checkTagKey(key);
  checkLength('key', key, charsMax.key);
  checkLength('value', value, charsMax.value);
}

/** The same for a version (`_validate_model_version_tag`). */
export function checkVersionTag({ key, value }: Tag): void {
  if (key === promptTextTag && value.length > charsMax.value)
    throw new CairnError('invalid', `Prompt text exceeds max length of ${charsMax.value} characters.`, {
      field: 'value',
    });
  checkModelTag({ key, value });
}

export function checkTagKey(key: string): void {
  checkKey(key, 'key');
}

/** Refuses a tag by which a version names rows that are read for it later, where the caller may not read them. */
export function checkRowsNamed(ctx: Context, { key, value }: Tag): void {
  if (key !== 'cairn.reference' && key !== 'cairn.evaluation') return;
  const ref = parseDatasetRef(value);
  if (ref) requireReadable(ctx, ref);
}

/** Tags as they are kept; of two with one key the last counts. */
export function tagMap(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
