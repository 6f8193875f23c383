import type { Context } from '../../context.ts';
import { pairsOf, textAt, textMap } from '../texts.ts';
import type { LoggedModel } from './model.ts';
import { changeLoggedModel } from './store.ts';

/** A version of a registered model that was made of a logged one. */
export type Registration = { readonly name: string; readonly version: string };

/** The tag in which MLflow keeps a model's registrations, as JSON. */
const registrationsTag = 'mlflow.modelVersions';

/** Notes that a version of a registered model was made of this one; a note that is there already stays the only one. */
export async function addRegistration(
  ctx: Context,
  modelId: string,
  registration: Registration,
): Promise<void> {
  await changeLoggedModel(ctx, modelId, (model) => {
    const known = registrationsOf(model);
    if (known.some(({ name, version }) => name === registration.name && version === registration.version))
      return model;
    const value = JSON.stringify([...known, registration]);
    return { ...model, tags: textMap([...pairsOf(model.tags), { key: registrationsTag, value }]) };
  });
}

/** The versions that were registered of a model. Anybody may write the tag: what is no version there is left out. */
export function registrationsOf({ tags }: LoggedModel): Registration[] {
  try {
    const parsed: unknown = JSON.parse(textAt(tags, registrationsTag) ?? '[]');
    return Array.isArray(parsed) ? parsed.flatMap(registrationIn) : [];
  } catch {
    return [];
  }
}

function registrationIn(entry: unknown): Registration[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { name, version } = entry as { name?: unknown; version?: unknown };
  return typeof name === 'string' && (typeof version === 'string' || typeof version === 'number')
    ? [{ name, version: String(version) }]
    : [];
}
