import * as z from 'zod';
import { unknownEndpoint } from '../../../shared/endpoints/index.ts';
import {
  CairnError,
  hides,
  isCode,
  isHiding,
  type Reference,
  type Scope,
} from '../../../shared/http/index.ts';
import { unknownModel } from '../../../shared/registry/index.ts';

/** What scores, by its name. */
export const ofOwner = {
  endpoint: z.string({ error: 'must be the name of an endpoint' }).min(1).optional(),
  model: z.string({ error: 'must be the name of a registered model' }).min(1).optional(),
};

/** The endpoint that the field of this name names: one that is denied to the caller is told of as one that is not. */
export const onEndpoint: Reference = {
  field: 'endpoint',
  names: 'endpoint',
  unknown: ({ endpoint }) => inField(unknownEndpoint(String(endpoint)), 'endpoint'),
};

export const onOwner: Scope = {
  on: [
    onEndpoint,
    {
      field: 'model',
      names: 'model-name',
      unknown: ({ model }) => inField(unknownModel(String(model)), 'model'),
    },
  ],
};

/** Throws `invalid` unless exactly one of endpoint and model is named. */
export function requireOneOwner({ endpoint, model }: { endpoint?: string; model?: string }): void {
  if ((endpoint === undefined) !== (model === undefined)) return;
  throw new CairnError(
    'invalid',
    endpoint === undefined
      ? 'Nothing is named that scores: give endpoint, or model.'
      : 'Both endpoint and model are named, and one of them scores: leave the other out.',
    { field: endpoint === undefined ? 'endpoint' : 'model' },
  );
}

/** What is asked of an endpoint or a model: where that is not there, the error names the field that named it. */
export async function ofNamed<T>({ endpoint }: { endpoint?: string }, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isCode(error, 'not-found') || error.field !== 'name') throw error;
    const told = inField(error, endpoint === undefined ? 'model' : 'endpoint');
    throw isHiding(error) ? hides(told) : told;
  }
}

function inField(error: CairnError, field: string): CairnError {
  return new CairnError(error.code, error.message, { field, cause: error });
}
