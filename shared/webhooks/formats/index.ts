import type { WebhookEvent } from '../events.ts';
import type { Body, WebhookFormat } from '../model.ts';
import { contentHeaders, deliveryHeaders } from '../signature.ts';
import { azureMonitorBody } from './azure-monitor.ts';
import { eventGridBody, eventGridType, topicUrl } from './event-grid.ts';
import { noticeOf } from './notice.ts';
import { slackBody } from './slack.ts';
import { teamsBody } from './teams.ts';

/** One delivery on its way. */
export type Sent = {
  readonly deliveryId: string;
  readonly event: WebhookEvent;
  readonly body: Body;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly secret: string | undefined;
  readonly publicUrl: string;
};

export type Formatted = {
  readonly url: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * What is sent to a webhook in its format. `cairn` and `azure-monitor` are signed with its secret, Event Grid gets it as
 * the key of the topic, in a header; Slack and Teams get none, since who knows their addresses may write.
 */
export function formatted(format: WebhookFormat, url: string, sent: Sent): Formatted {
  const { deliveryId, event, body, at, secret, publicUrl } = sent;
  const notice = () => noticeOf(event, deliveryId, body, publicUrl);
  const signed = (text: string) => ({
    url,
    text,
    headers: deliveryHeaders({ deliveryId, at, text, secret }),
  });
  const plain = (content: object) => ({ url, text: JSON.stringify(content), headers: contentHeaders });
  switch (format) {
    case 'cairn':
      return signed(JSON.stringify(body));
    case 'azure-monitor':
      return signed(JSON.stringify(azureMonitorBody(notice())));
    case 'slack':
      return plain(slackBody(notice()));
    case 'teams':
      return plain(teamsBody(notice()));
    case 'event-grid':
      return {
        url: topicUrl(url),
        text: JSON.stringify(eventGridBody(notice(), publicUrl)),
        headers: {
          ...contentHeaders,
          'Content-Type': eventGridType,
          ...(secret === undefined ? {} : { 'aeg-sas-key': secret }),
        },
      };
  }
}
