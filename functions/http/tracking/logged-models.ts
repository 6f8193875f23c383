import * as z from 'zod';
import { fields, type Route } from '../../../shared/http/index.ts';
import { mlflow } from '../mlflow.ts';

/** Logged models of MLflow 3. */
export const loggedModels: readonly Route[] = [
  // MLflow 3 asks for these before it reads any artifact of a run. None can be logged yet, so none is found.
  ...mlflow('POST', 'logged-models/search', 'viewer', {
    input: z.object({ experiment_ids: z.array(fields.text).min(1, 'must name at least one experiment') }),
    handle: () => Promise.resolve({}),
  }),
];
