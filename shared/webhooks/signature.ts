import { createHmac } from 'node:crypto';

/** What identifies a delivery to its receiver, and what proves where it comes from. */
export type Signing = {
  readonly deliveryId: string;
  /** Milliseconds since 1970; receivers see whole seconds. */
  readonly at: number;
  readonly text: string;
  readonly secret: string | undefined;
};

/** What every receiver gets. */
export const contentHeaders = { 'Content-Type': 'application/json', 'User-Agent': 'cairn-webhooks' };

/**
 * The headers of a delivery. The signature is HMAC-SHA256 over `<id>.<seconds>.<body>`, as MLflow makes it
 * (`mlflow/webhooks/delivery.py`, after https://www.standardwebhooks.com); without a secret there is none.
 */
export function deliveryHeaders({ deliveryId, at, text, secret }: Signing): Record<string, string> {
  const seconds = String(Math.floor(at / 1000));
  return {
    ...contentHeaders,
    'X-MLflow-Delivery-Id': deliveryId,
    'X-MLflow-Timestamp': seconds,
    ...(secret === undefined
      ? {}
      : { 'X-MLflow-Signature': `v1,${hmac(secret, `${deliveryId}.${seconds}.${text}`)}` }),
  };
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text, 'utf8').digest('base64');
}
