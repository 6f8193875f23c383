import { CairnError } from '../http/index.ts';

/**
 * What a webhook of MLflow can listen to: entities, and what can happen to each
 * (`VALID_ENTITY_ACTIONS` of `mlflow/entities/webhook.py`). Nothing here has a budget to exceed; a webhook may
 * name that event all the same, as with MLflow.
 */
export const mlflowActions = {
  registered_model: ['created'],
  model_version: ['created'],
  model_version_tag: ['set', 'deleted'],
  model_version_alias: ['created', 'deleted'],
  prompt: ['created'],
  prompt_version: ['created'],
  prompt_tag: ['set', 'deleted'],
  prompt_version_tag: ['set', 'deleted'],
  prompt_alias: ['created', 'deleted'],
  budget_policy: ['exceeded'],
} as const satisfies Record<string, readonly string[]>;

/** What happens to rollouts. MLflow's clients know no such events, and fail on a webhook that shows them. */
export const rolloutActions = {
  rollout: ['started', 'advanced', 'finished', 'rolled_back', 'stopped'],
} as const;

/** How batch jobs end. MLflow's clients know no such events either. */
export const batchActions = {
  batch_job: ['succeeded', 'failed', 'cancelled'],
} as const;

/** What becomes of incidents of monitors; MLflow's clients do not know these either. */
export const monitoringActions = {
  incident: ['opened', 'updated', 'resolved'],
} as const;

/** All that a webhook can listen to. */
export const actionsOf = { ...mlflowActions, ...rolloutActions, ...batchActions, ...monitoringActions };

export type Entity = keyof typeof actionsOf;
type Pairs = { [E in Entity]: `${E}.${(typeof actionsOf)[E][number]}` };

/** `<entity>.<action>`, as `model_version_alias.created`. */
export type WebhookEvent = Pairs[Entity];

/** The event of an entity and an action. Throws `invalid` where that cannot happen to such an entity. */
export function eventOf(entity: Entity, action: string): WebhookEvent {
  const actions: readonly string[] = actionsOf[entity];
  if (actions.includes(action)) return `${entity}.${action}` as WebhookEvent;
  const valid = actions.map((each) => `'${each}'`).join(', ');
  throw new CairnError(
    'invalid',
    `Invalid action '${action}' for entity '${entity}'. Valid actions are: [${valid}]`,
    { field: 'events' },
  );
}

/** Whose words an event is in: MLflow's, or those that its clients do not know. */
export type EventKind = 'mlflow' | 'rollout' | 'batch' | 'monitoring';

export function kindOf(event: WebhookEvent): EventKind {
  switch (partsOf(event).entity) {
    case 'rollout':
      return 'rollout';
    case 'batch_job':
      return 'batch';
    case 'incident':
      return 'monitoring';
    default:
      return 'mlflow';
  }
}

/** Entity and action of an event. */
export function partsOf(event: WebhookEvent): { readonly entity: Entity; readonly action: string } {
  const [entity, action = ''] = event.split('.');
  return { entity: entity as Entity, action };
}
