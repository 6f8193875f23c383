import type { DeploymentDraft } from './draft.ts';

/** What the server found wrong with one input. */
export type Fault = { readonly field: string; readonly message: string };

/**
 * The place, from 0, of the deployment that a fault is about: the server names it, or what the registry does not
 * know of it.
 */
export function deploymentAt(
  fault: Fault | undefined,
  deployments: readonly Pick<DeploymentDraft, 'model' | 'alias'>[],
): number | undefined {
  if (!fault) return undefined;
  const at = /^deployments[.[](\d+)/.exec(fault.field)?.[1];
  if (at !== undefined) return Number(at);
  const part = fault.field === 'alias' ? 'alias' : fault.field === 'name' ? 'model' : undefined;
  const found = part
    ? deployments.findIndex((each) => each[part] !== '' && fault.message.includes(each[part]))
    : -1;
  return found === -1 ? undefined : found;
}

/** The input of a deployment that a fault is about: `name`, `model`, `alias`, `version`, `url` or `secret`. */
export function inputAt({ field }: Fault): string | undefined {
  // The registry calls a model by its name.
  if (field === 'name') return 'model';
  return field.split(/[.[\]]+/).findLast((part) => part !== '');
}
