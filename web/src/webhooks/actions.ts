import { cairn, mlflow } from '../api/client.ts';
import { type TestResult, type Webhook, type WebhookDraft, webhooksChanged } from './webhooks.ts';

export async function createWebhook(draft: WebhookDraft): Promise<string> {
  const { webhook } = await mlflow.post<{ webhook: Webhook }>('webhooks', { body: draft });
  await webhooksChanged();
  return webhook.webhook_id;
}

export async function updateWebhook(
  id: string,
  change: Partial<WebhookDraft> & { readonly status?: Webhook['status'] },
): Promise<void> {
  await mlflow.patch(`webhooks/${encodeURIComponent(id)}`, { body: change });
  await webhooksChanged();
}

export async function deleteWebhook(id: string): Promise<void> {
  await mlflow.delete(`webhooks/${encodeURIComponent(id)}`, { body: {} });
  await webhooksChanged({ gone: true });
}

/** Sends an example, and tells what the receiver answered. */
export async function testWebhook(id: string): Promise<TestResult> {
  const { result } = await mlflow.post<{ result: TestResult }>(`webhooks/${encodeURIComponent(id)}/test`, {
    body: {},
  });
  return result;
}

export async function redeliver(id: string, deliveryId: string): Promise<void> {
  await cairn.post(
    `webhooks/${encodeURIComponent(id)}/deliveries/${encodeURIComponent(deliveryId)}/redeliver`,
    {
      body: {},
    },
  );
  await webhooksChanged();
}
