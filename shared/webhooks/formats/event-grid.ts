import type { Notice } from './notice.ts';

/** https://learn.microsoft.com/azure/event-grid/post-to-custom-topic: the version that takes CloudEvents as well. */
const apiVersion = '2018-01-01';

/**
 * A batch of one CloudEvent 1.0 for a topic of Event Grid whose input schema is that of CloudEvents. A topic shows by no
 * handshake that it is one: `OPTIONS` is what Event Grid asks of those it delivers to, and only its key opens it.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function eventGridBody({ id, event, workspace, matter, at, data }: Notice, publicUrl: string) {
  return [
    {
      specversion: '1.0',
      id,
      source: `${publicUrl.replace(/\/+$/, '')}/${workspace}`,
      type: `cairn.${event}`,
      subject: matter,
      time: at,
      datacontenttype: 'application/json',
      data,
    },
  ];
}

export const eventGridType = 'application/cloudevents-batch+json; charset=utf-8';

/** The address of a topic, with a version of its API where none is in it. */
export function topicUrl(url: string): string {
  const topic = new URL(url);
  if (!topic.searchParams.has('api-version')) topic.searchParams.set('api-version', apiVersion);
  return topic.href;
}
