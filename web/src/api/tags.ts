import type { Pair } from './types.ts';

/** Tags as a map; what MLflow's clients keep for themselves is among them. */
export function tagMap(tags: readonly Pair[] | undefined): ReadonlyMap<string, string> {
  return new Map(tags?.map(({ key, value }) => [key, value]));
}

export const noteTag = 'mlflow.note.content';

/** Tags that people set, without those of MLflow's clients. */
export function ownTags(tags: readonly Pair[] | undefined): readonly Pair[] {
  return (tags ?? []).filter(({ key }) => !key.startsWith('mlflow.'));
}
