import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { actionsOf, type Entity, eventOf, type WebhookEvent } from '../events.ts';
import { examples } from '../examples.ts';
import { type Body, type WebhookFormat, webhookFormats } from '../model.ts';
import { formatted } from './index.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const publicUrl = 'https://cairn.example.com/';
const url = 'https://hooks.example.com/a?b=c';
const secret = 'k3y+of/a=topic';

const bodyOf = (event: string, data: Body['data']): Body => {
  const [entity = '', action = ''] = event.split('.');
  return { entity, action, timestamp: '2026-01-02T03:04:05.000+00:00', data };
};
const send = (format: WebhookFormat, event: string, data: Body['data']) =>
  formatted(format, url, {
    deliveryId: '00000000-0000-8000-8000-000000000001',
    event: event as WebhookEvent,
    body: bodyOf(event, data),
    at,
    secret,
    publicUrl,
  });

/** As an incident is told of. */
const incident = {
  incident: '7',
  monitor: 'flowers',
  endpoint: 'flowers',
  severity: 'critical',
  title: 'Accuracy of flowers fell to 0.71',
  text: 'It was to stay above 0.85.',
  signals: ['performance', 'feature-drift'],
  opened_at: at - 60_000,
  link: '/api/v1/incidents/flowers/7',
};
const cases: readonly (readonly [string, Body['data']])[] = [
  ['incident.opened', incident],
  ['incident.resolved', incident],
  ['rollout.rolled_back', examples['rollout.rolled_back']],
  ['batch_job.failed', examples['batch_job.failed']],
];
const everyEvent = Object.entries(actionsOf).flatMap(([entity, actions]) =>
  actions.map((action) => eventOf(entity as Entity, action)),
);
/** Longer than anything may be, and full of what a format could take for its own. */
const hostile = Object.fromEntries([
  ...['name', 'title', 'text', 'reason'].map((name) => [
    name,
    '<!channel> & [x](https://evil.example) "\n漢\\'.repeat(500),
  ]),
  ...Array.from({ length: 60 }, (_, i) => [`field ${i} ${'&'.repeat(400)}`, '&<\u0001>漢'.repeat(400)]),
]);

describe.each(webhookFormats)('the format %s', (format) => {
  test.each(cases)('tells of %s as it always did', (event, data) => {
    const { text, headers, url: sentTo } = send(format, event, data);
    const golden = readFileSync(new URL(`golden/${format}-${event}.json`, import.meta.url), 'utf8');
    expect({ url: sentTo, headers, body: JSON.parse(text) as unknown }).toStrictEqual(JSON.parse(golden));
  });

  test('has the secret in no address and no body', () => {
    const all = everyEvent.map((event) => send(format, event, { ...examples[event] }));
    expect(all.filter(({ text, url: sentTo }) => `${text}${sentTo}`.includes(secret))).toEqual([]);
  });
});

type Text = { readonly type: string; readonly text: string };
type Block = {
  readonly type: string;
  readonly text?: Text;
  readonly fields?: readonly Text[];
  readonly elements?: readonly Text[];
};

/** What Slack refuses: https://docs.slack.dev/reference/block-kit/blocks. */
function faultsOfSlack(sent: string): string[] {
  const { text, blocks } = JSON.parse(sent) as { text: string; blocks: readonly Block[] };
  const texts = blocks
    .flatMap((block) => [block.text, ...(block.fields ?? []), ...(block.elements ?? [])])
    .filter((each) => each !== undefined);
  const marked = texts.filter(({ type }) => type === 'mrkdwn');
  return [
    text.length === 0 || text.length > 4000 ? 'text' : '',
    blocks.length > 50 ? 'blocks' : '',
    blocks.some(
      (block) =>
        block.type === 'header' && (block.text?.type !== 'plain_text' || block.text.text.length > 150),
    )
      ? 'header'
      : '',
    blocks.some((block) => block.type === 'section' && (block.text?.text.length ?? 1) > 3000)
      ? 'section'
      : '',
    blocks.some((block) => (block.fields?.length ?? 0) > 10) ? 'fields' : '',
    blocks.some((block) => block.fields?.some((field) => field.text.length > 2000)) ? 'field' : '',
    texts.some((each) => each.text.length === 0) ? 'empty' : '',
    texts.reduce((sum, each) => sum + each.text.length, 0) > 12_000 ? 'all' : '',
    [...marked.map((each) => each.text), text].some((each) => /<(?!https:\/\/cairn)/.test(each))
      ? 'mention'
      : '',
  ].filter((fault) => fault !== '');
}

type Card = {
  readonly type: string;
  readonly attachments: readonly {
    readonly contentType: string;
    readonly contentUrl: null;
    readonly content: {
      readonly type: string;
      readonly version: string;
      readonly body: readonly { readonly type: string }[];
    };
  }[];
};

/** What a workflow refuses, or shows nothing of: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using. */
function faultsOfTeams(sent: string): string[] {
  const { type, attachments } = JSON.parse(sent) as Card;
  const [first] = attachments;
  return [
    type === 'message' ? '' : 'type',
    attachments.length === 1 ? '' : 'attachments',
    first?.contentType === 'application/vnd.microsoft.card.adaptive' ? '' : 'contentType',
    first?.content.type === 'AdaptiveCard' ? '' : 'card',
    Number(first?.content.version) <= 1.5 ? '' : 'version',
    first?.content.body.some((element) => element.type === 'TextBlock') ? '' : 'body',
    Buffer.byteLength(sent) <= 28 * 1024 ? '' : 'size',
    sent.includes('](') ? 'link' : '',
  ].filter((fault) => fault !== '');
}

/** https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema: the essentials, each as it must be. */
function faultsOfAzureMonitor(sent: string): string[] {
  const { schemaId, data } = JSON.parse(sent) as {
    schemaId: string;
    data: { essentials: Record<string, unknown>; alertContext: unknown; customProperties: unknown };
  };
  const { essentials } = data;
  const must: Readonly<Record<string, RegExp>> = {
    alertId: /^\/\S+$/,
    alertRule: /./,
    severity: /^Sev[0-4]$/,
    signalType: /^(Metric|Log|Activity Log)$/,
    monitorCondition: /^(Fired|Resolved)$/,
    monitoringService: /./,
    originAlertId: /./,
    firedDateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    essentialsVersion: /^1\.0$/,
    alertContextVersion: /^1\.0$/,
  };
  return [
    schemaId === 'azureMonitorCommonAlertSchema' ? '' : 'schemaId',
    ...Object.entries(must).map(([name, pattern]) => (pattern.test(String(essentials[name])) ? '' : name)),
    Array.isArray(essentials['alertTargetIDs']) && Array.isArray(essentials['configurationItems'])
      ? ''
      : 'targets',
    (essentials['monitorCondition'] === 'Resolved') === 'resolvedDateTime' in essentials
      ? ''
      : 'resolvedDateTime',
    typeof data.alertContext === 'object' && typeof data.customProperties === 'object' ? '' : 'context',
  ].filter((fault) => fault !== '');
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md: required attributes, and their names. */
function faultsOfEventGrid(sent: string): string[] {
  const events = JSON.parse(sent) as Record<string, unknown>[];
  return events.flatMap((event) => [
    ...(event['specversion'] === '1.0' ? [] : ['specversion']),
    ...['id', 'source', 'type'].filter((name) => typeof event[name] !== 'string' || event[name] === ''),
    ...Object.keys(event).filter((name) => !/^[a-z0-9]{1,20}$/.test(name)),
    ...(Number.isNaN(Date.parse(String(event['time']))) ? ['time'] : []),
    ...(Buffer.byteLength(sent) <= 1024 * 1024 ? [] : ['size']),
  ]);
}

describe.each([
  ['slack', faultsOfSlack],
  ['teams', faultsOfTeams],
  ['azure-monitor', faultsOfAzureMonitor],
  ['event-grid', faultsOfEventGrid],
] as const)('a receiver of %s', (format, faults) => {
  test('finds no fault with any event', () => {
    const found = everyEvent.flatMap((event) => faults(send(format, event, examples[event]).text));
    expect(found).toEqual([]);
  });

  test('finds no fault with what is long and means to break out', () => {
    const found = ['incident.opened', 'model_version.created'].flatMap((event) =>
      faults(send(format, event, hostile).text),
    );
    expect(found).toEqual([]);
  });
});

test('what begins and ends is one matter', () => {
  const matters = ['incident.opened', 'incident.updated', 'incident.resolved'].map((event) => {
    const { data } = JSON.parse(send('azure-monitor', event, incident).text) as {
      data: { essentials: Record<string, unknown> };
    };
    return [data.essentials['alertId'], data.essentials['monitorCondition']];
  });
  const id = '/cairn/default/incident/flowers/7';
  expect(matters).toEqual([
    [id, 'Fired'],
    [id, 'Fired'],
    [id, 'Resolved'],
  ]);
});

test('a topic gets its key in a header, and a version where its address has none', () => {
  const sent = send('event-grid', 'rollout.started', examples['rollout.started']);
  expect(sent.headers['aeg-sas-key']).toBe(secret);
  expect(sent.headers['Content-Type']).toBe('application/cloudevents-batch+json; charset=utf-8');
  expect(sent.url).toBe('https://hooks.example.com/a?b=c&api-version=2018-01-01');
});

test('only what may be checked is signed', () => {
  const signed = webhookFormats.filter(
    (format) => 'X-MLflow-Signature' in send(format, 'incident.opened', incident).headers,
  );
  expect(signed).toEqual(['cairn', 'azure-monitor']);
});
