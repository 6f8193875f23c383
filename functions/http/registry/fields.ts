import * as z from 'zod';
import { CairnError, fields, type Scope } from '../../../shared/http/index.ts';
import type { RegistrySearch } from '../../../shared/registry/index.ts';
import { keyValue, search } from '../mlflow.ts';

export const name = { name: fields.requiredText };
/** The role is needed on the model of that name. */
export const onModel: Scope = { on: [{ field: 'name', names: 'model-name' }] };
/** Whoever may see any model may search; they find those. */
export const amongModels: Scope = { among: ['model'] };
export const tags = z.array(keyValue, { error: 'must be a list of {key, value}' }).optional();
export const tag = { key: fields.requiredText, value: fields.text.default('') };

/** The number of a version, as text or number: whatever Python takes for an integer (`_validate_model_version`). */
export const version = {
  version: z
    .union([fields.requiredText, z.number()], { error: 'must be the number of a version' })
    .transform((given) => {
      if (/^\s*[+-]?\d+\s*$/.test(String(given))) return Number(given);
      throw new CairnError('invalid', `Parameter 'version' must be an integer, got '${given}'.`, {
        field: 'version',
      });
    }),
};

/** What the searches take; a limit above MLflow's is refused. */
export function searchFields(limitMax: number, otherwise: number) {
  return { ...search, max_results: fields.limit(limitMax, otherwise) };
}

export function searchOf(input: {
  filter?: string | undefined;
  order_by: readonly string[];
  max_results: number;
  page_token?: string | undefined;
}): RegistrySearch {
  return {
    filter: input.filter,
    orderBy: input.order_by,
    limit: input.max_results,
    pageToken: input.page_token,
  };
}
