import { mlflowError, type Surface } from '../../../shared/http/index.ts';

/** MLflow's users, permissions and workspaces, kept as principals, grants and workspaces. */
export const mlflowAccess: Surface = {
  name: 'mlflow-access',
  part: 'control',
  errors: mlflowError,
  routes: [],
};
