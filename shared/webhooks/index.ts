export { deliverWebhook, sweepWebhooks } from './deliver.ts';
export { type DeliveryMessage, listDeliveries, notifyWebhooks, redeliver } from './deliveries.ts';
export { actionsOf, type Entity, eventOf, partsOf, type WebhookEvent } from './events.ts';
export type { Attempt, Delivery, DeliveryState, Webhook } from './model.ts';
export type { Address, Answer, Resolve } from './post.ts';
export {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  type NewWebhook,
  testWebhook,
  updateWebhook,
} from './webhooks.ts';
