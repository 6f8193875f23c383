import * as z from 'zod';
import { fields, type Scope } from '../../../shared/http/index.ts';

/** `{m}` of a path: the name of a model. */
export const modelRef = { m: fields.requiredText };

/** The role is needed on the model of that name. */
export const onModel: Scope = { on: [{ field: 'm', names: 'model-name' }] };

/** `{m}` and `{v}`: the same and the number of a version. */
export const versionRef = {
  ...modelRef,
  v: z
    .string({ error: 'must be the number of a version' })
    .regex(/^\d{1,9}$/, 'must be the number of a version')
    .transform(Number),
};
