import { queryClient } from '../api/queries.ts';
import { mlflow } from '../api/client.ts';
import { noteTag, ownTags, tagMap } from '../api/tracking.ts';
import type { Experiment, Pair } from '../api/types.ts';

export type ExperimentText = {
  readonly name: string;
  readonly note: string;
  readonly tags: readonly Pair[];
};

/** Creates an experiment and returns its id. */
export async function createExperiment(
  { name, note, tags }: ExperimentText,
  artifactLocation: string,
): Promise<string> {
  const { experiment_id: id } = await mlflow.post<{ experiment_id: string }>('experiments/create', {
    body: {
      name,
      tags: [...tags, ...(note === '' ? [] : [{ key: noteTag, value: note }])],
      ...(artifactLocation === '' ? {} : { artifact_location: artifactLocation }),
    },
  });
  await changed();
  return id;
}

/** Writes what differs from the experiment as it is: its name, its description, its tags. */
export async function editExperiment(experiment: Experiment, text: ExperimentText): Promise<void> {
  const { experiment_id: id } = experiment;
  if (text.name !== experiment.name)
    await mlflow.post('experiments/update', { body: { experiment_id: id, new_name: text.name } });
  const now = tagMap(experiment.tags);
  const wanted = tagMap([...text.tags, { key: noteTag, value: text.note }]);
  for (const [key, value] of wanted)
    if ((now.get(key) ?? '') !== value || (!now.has(key) && key !== noteTag))
      await mlflow.post('experiments/set-experiment-tag', { body: { experiment_id: id, key, value } });
  for (const { key } of ownTags(experiment.tags))
    if (!wanted.has(key))
      await mlflow.post('experiments/delete-experiment-tag', { body: { experiment_id: id, key } });
  await changed();
}

export async function deleteExperiment(id: string): Promise<void> {
  await mlflow.post('experiments/delete', { body: { experiment_id: id } });
  await changed();
}

export async function restoreExperiment(id: string): Promise<void> {
  await mlflow.post('experiments/restore', { body: { experiment_id: id } });
  await changed();
}

/** Lists lag behind a write for a moment, so they are asked again a little later too. */
async function changed(): Promise<void> {
  const ask = () =>
    queryClient.invalidateQueries({
      predicate: ({ queryKey: [kind] }) =>
        kind === 'experiments' || kind === 'experiment' || kind === 'overview' || kind === 'search',
    });
  setTimeout(() => void ask(), 1000);
  await ask();
}
