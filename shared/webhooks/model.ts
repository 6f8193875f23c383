import type { Document } from '../documents.ts';
import type { WebhookEvent } from './events.ts';

/** In whose shape a receiver is told: ours, which is MLflow's, or that of something else. */
export const webhookFormats = ['cairn', 'slack', 'teams', 'azure-monitor', 'event-grid'] as const;

export type WebhookFormat = (typeof webhookFormats)[number];

/** Where to tell of which events. */
export type Webhook = Document & {
  readonly type: 'webhook';
  readonly webhookId: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: 'active' | 'disabled';
  /** Absent: `cairn`. */
  readonly format?: WebhookFormat;
  /** What deliveries are signed with, sealed. It is unsealed to sign, and shown to nobody. */
  readonly secret?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last event of the webhook. */
  readonly seq?: number;
};

/** What a receiver gets as JSON. The signature is over its text as it is sent. */
export type Body = {
  readonly entity: string;
  readonly action: string;
  /** ISO 8601 with an offset, which Python's `fromisoformat` reads since 3.7. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** As MLflow has it where workspaces are on; left out of the default one. */
  readonly workspace?: string;
};

/** One try to send a delivery. */
export type Attempt = {
  readonly at: number;
  readonly statusCode?: number;
  readonly error?: string;
  readonly milliseconds: number;
};

/**
 * `pending` is to be sent at `dueAt`, or being sent since `sendingSince` by a worker that has until `dueAt`;
 * only this state has a `dueAt`, by which the sweep finds what nobody sends.
 */
export type DeliveryState =
  | {
      readonly status: 'pending';
      readonly dueAt: number;
      /** Attempts begun since it was last asked for. */
      readonly tries: number;
      readonly sendingSince?: number;
    }
  | { readonly status: 'delivered' }
  | { readonly status: 'failed'; readonly reason: string };

/** One event on its way to one webhook. */
export type Delivery = Document & {
  readonly type: 'delivery';
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly event: WebhookEvent;
  readonly body: Body;
  readonly state: DeliveryState;
  /** The latest ones, oldest first. */
  readonly attempts: readonly Attempt[];
  readonly createdAt: number;
  /** Seconds after its last change at which the store drops it. */
  readonly ttl: number;
};
