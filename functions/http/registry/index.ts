import { mlflowError, type Surface } from '../../../shared/http/index.ts';
import { aliasRoutes } from './aliases.ts';
import { modelRoutes } from './models.ts';
import { stageRoutes } from './stages.ts';
import { versionRoutes } from './versions.ts';

/** MLflow's model registry API. */
export const registry: Surface = {
  name: 'registry',
  part: 'control',
  errors: mlflowError,
  routes: [...modelRoutes, ...versionRoutes, ...stageRoutes, ...aliasRoutes],
};
