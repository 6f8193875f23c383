import { mlflowError, type Surface } from '../../../shared/http/index.ts';
import { experiments } from './experiments.ts';
import { loggedModels } from './logged-models.ts';
import { metrics } from './metrics.ts';
import { runs } from './runs.ts';
import { searches } from './search.ts';

/** MLflow's tracking API. */
export const tracking: Surface = {
  name: 'tracking',
  part: 'control',
  errors: mlflowError,
  routes: [...experiments, ...runs, ...searches, ...metrics, ...loggedModels],
};
