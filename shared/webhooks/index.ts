export { checkChannels } from './channels.ts';
export { deliverWebhook, sweepWebhooks } from './deliver.ts';
export { type DeliveryMessage, listDeliveries, notifyWebhooks, redeliver } from './deliveries.ts';
export {
  actionsOf,
  batchActions,
  type Entity,
  type EventKind,
  eventOf,
  kindOf,
  mlflowActions,
  monitoringActions,
  partsOf,
  rolloutActions,
  type WebhookEvent,
} from './events.ts';
export { type Attempt, type Delivery, type DeliveryState, type Webhook, webhookFormats } from './model.ts';
export type { NewWebhook } from './fields.ts';
export type { Answer } from './post.ts';
export { deliveryHeaders } from './signature.ts';
export { testWebhook, type Transport } from './send.ts';
export {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
} from './webhooks.ts';
