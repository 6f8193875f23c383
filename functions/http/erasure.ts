import { problem, type Surface } from '../../shared/http/index.ts';
import { dataPolicyRoutes } from './data-policies.ts';

/** What is personal data, how long it is kept, its erasure, and what holds that back. */
export const erasures: Surface = {
  name: 'erasure',
  part: 'control',
  errors: problem,
  routes: [...dataPolicyRoutes],
};
