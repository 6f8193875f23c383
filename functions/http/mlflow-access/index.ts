import { mlflowError, type Surface } from '../../../shared/http/index.ts';
import { permissions, userPermissions } from './permissions.ts';
import { users } from './users.ts';
import { workspaces } from './workspaces.ts';

/** MLflow's users, permissions and workspaces, kept as principals, grants and workspaces. */
export const mlflowAccess: Surface = {
  name: 'mlflow-access',
  part: 'control',
  errors: mlflowError,
  routes: [...users, ...permissions, ...userPermissions, ...workspaces],
};
