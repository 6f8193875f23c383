import { mlflowError, problem, type Surface } from '../../shared/http/index.ts';

/** MLflow's webhooks API. */
export const webhooks: Surface = { name: 'webhooks', part: 'control', errors: mlflowError, routes: [] };

/** What was delivered, and delivering it again. */
export const webhookDeliveries: Surface = {
  name: 'webhook deliveries',
  part: 'control',
  errors: problem,
  routes: [],
};
