import { cairn, mlflow } from '../api/client.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import {
  type Conversion,
  modelPath,
  type Policy,
  type PolicyDraft,
  type Promotion,
  type Signing,
  type Stage,
  versionPath,
  type Verification,
} from '../api/registry.ts';

/** What can be changed of a model; afterwards whatever shows it is read again. */
export const changeModel = {
  create: async (name: string, description: string): Promise<void> => {
    await mlflow.post('registered-models/create', {
      body: { name, ...(description === '' ? {} : { description }) },
    });
    await changed();
  },
  describe: (name: string, description: string) =>
    then(mlflow.patch('registered-models/update', { body: { name, description } })),
  rename: (name: string, newName: string) =>
    left(mlflow.post('registered-models/rename', { body: { name, new_name: newName } })),
  remove: (name: string) => left(mlflow.delete('registered-models/delete', { body: { name } })),
  setTag: (name: string, key: string, value: string) =>
    then(mlflow.post('registered-models/set-tag', { body: { name, key, value } })),
  deleteTag: (name: string, key: string) =>
    then(mlflow.delete('registered-models/delete-tag', { body: { name, key } })),
  /** `expected` is the holder that the reader saw: where another one holds the alias by now, it stays. */
  setAlias: (name: string, alias: string, version: number, expected?: number) =>
    then(
      mlflow.post('registered-models/alias', {
        body: { name, alias, version: String(version), ...(expected === undefined ? {} : { expected }) },
      }),
    ),
  deleteAlias: (name: string, alias: string) =>
    then(mlflow.delete('registered-models/alias', { body: { name, alias } })),
  rollBack: (name: string, alias: string, reason: string, expected: number) =>
    then(cairn.post(modelPath(name, 'aliases', alias, 'rollback'), { body: { reason, expected } })),
  setPolicy: (name: string, draft: PolicyDraft, expected: number) =>
    then(cairn.put<Policy>(modelPath(name, 'policy'), { body: { ...draft, expected_version: expected } })),
  endPolicy: (name: string, expected: number) =>
    then(cairn.delete(modelPath(name, 'policy'), { query: { expected_version: expected } })),
};

/** The same of one version. */
export const changeVersion = {
  describe: (name: string, version: number, description: string) =>
    then(mlflow.patch('model-versions/update', { body: { name, version: String(version), description } })),
  remove: (name: string, version: number) =>
    left(mlflow.delete('model-versions/delete', { body: { name, version: String(version) } })),
  setTag: (name: string, version: number, key: string, value: string) =>
    then(mlflow.post('model-versions/set-tag', { body: { name, version: String(version), key, value } })),
  deleteTag: (name: string, version: number, key: string) =>
    then(mlflow.delete('model-versions/delete-tag', { body: { name, version: String(version), key } })),
  setStage: (name: string, version: number, stage: Stage, archiveOthers: boolean) =>
    then(
      mlflow.post('model-versions/transition-stage', {
        body: { name, version: String(version), stage, archive_existing_versions: archiveOthers },
      }),
    ),
  inspect: (name: string, version: number) => then(cairn.post(versionPath(name, version, 'inspect'))),
  convert: (name: string, version: number) =>
    then(cairn.post<Conversion>(versionPath(name, version, 'convert'), { body: {} })),
  sign: (name: string, version: number) => then(cairn.post<Signing>(versionPath(name, version, 'sign'))),
  /** Changes nothing. */
  verify: (name: string, version: number) => cairn.post<Verification>(versionPath(name, version, 'verify')),
};

/** What becomes of a promotion. */
export const promote = {
  request: (name: string, asked: { version: number; alias?: string; stage?: string; comment?: string }) =>
    then(cairn.post<Promotion>(modelPath(name, 'promotions'), { body: asked })),
  approve: (name: string, number: number, comment: string) =>
    decide(name, number, 'approve', comment === '' ? {} : { comment }),
  reject: (name: string, number: number, reason: string) => decide(name, number, 'reject', { reason }),
  override: (name: string, number: number, reason: string) => decide(name, number, 'override', { reason }),
  cancel: (name: string, number: number) => decide(name, number, 'cancel', {}),
};

function decide(name: string, number: number, decision: string, body: unknown): Promise<unknown> {
  return then(cairn.post(modelPath(name, 'promotions', number, decision), { body }));
}

/** After an answer of either kind: who lost a race shall see who won it. */
async function then<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await changed();
  }
}

/** After what is shown is gone under its address: the page it is left for reads anew, this one no more. */
async function left<T>(answer: Promise<T>): Promise<T> {
  const said = await answer;
  await queryClient.invalidateQueries({ ...aboutModels, refetchType: 'none' });
  setTimeout(() => void queryClient.invalidateQueries(aboutModels), listsLagMilliseconds);
  return said;
}

async function changed(): Promise<void> {
  setTimeout(() => void queryClient.invalidateQueries(aboutModels), listsLagMilliseconds);
  await queryClient.invalidateQueries(aboutModels);
}

const aboutModels = {
  predicate: ({ queryKey: [kind] }: { readonly queryKey: readonly unknown[] }) =>
    kind === 'model' || kind === 'models' || kind === 'search',
};
