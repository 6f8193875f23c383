import { ApiError } from '../api/client.ts';

/** What the server found wrong with one input. */
export type Fault = { readonly field: string; readonly message: string };

/** The fault that an answer names an input for. */
export function faultIn(error: unknown): Fault | undefined {
  if (!(error instanceof ApiError) || error.field === undefined) return undefined;
  return { field: error.field, message: error.message };
}

/** The place, from 0, of the deployment that a fault is about. */
export function deploymentAt(fault: Fault | undefined): number | undefined {
  const at = /^deployments[.[](\d+)/.exec(fault?.field ?? '')?.[1];
  return at === undefined ? undefined : Number(at);
}
