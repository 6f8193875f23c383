import { problem, type Surface } from '../../../shared/http/index.ts';
import { conversionRoutes } from './conversion.ts';
import { evidenceRoutes } from './evidence.ts';
import { inspectionRoutes } from './inspection.ts';
import { modelRoutes } from './models.ts';
import { promotionRoutes } from './promotions.ts';
import { signingRoutes } from './signing.ts';

/** What the platform knows and decides about registered models beyond MLflow's registry API. */
export const models: Surface = {
  name: 'models',
  part: 'control',
  errors: problem,
  routes: [
    ...modelRoutes,
    ...inspectionRoutes,
    ...conversionRoutes,
    ...signingRoutes,
    ...promotionRoutes,
    ...evidenceRoutes,
  ],
};
