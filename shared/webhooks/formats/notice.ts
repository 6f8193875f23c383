import { excerpt } from '../../redaction/index.ts';
import { partsOf, type WebhookEvent } from '../events.ts';
import type { Body } from '../model.ts';

/** What there is to tell of an event, in no receiver's shape. */
export type Notice = {
  /** Of the delivery: the same whenever it is sent again. */
  readonly id: string;
  readonly event: WebhookEvent;
  readonly workspace: string;
  /** What it is about: the same when something begins, goes on and ends. */
  readonly matter: string;
  readonly title: string;
  readonly text: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** `told`: it happened once, and does not go on. */
  readonly status: 'opened' | 'updated' | 'resolved' | 'told';
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Where to look at it. */
  readonly link: string | null;
  /** ISO 8601. */
  readonly at: string;
  /** When it began, where that is known; else `at`. */
  readonly openedAt: string;
  /** When it ended, where it has and that is known; else `at`. */
  readonly resolvedAt: string;
  readonly data: Body['data'];
};

const factsMax = 20;
const nameCharsMax = 80;
const valueCharsMax = 200;
const textCharsMax = 2000;
const titleCharsMax = 140;
/** Told in the title or the text, or of no use to a reader. */
const notFacts: readonly string[] = [
  ...['title', 'text', 'summary', 'description', 'severity', 'opened_at', 'resolved_at'],
  ...['link', 'job', 'report'],
];

/** The notice of an event with the body that tells of it. Links in the body are below `publicUrl`. */
export function noticeOf(event: WebhookEvent, id: string, body: Body, publicUrl: string): Notice {
  const { data, workspace = 'default' } = body;
  const { action } = partsOf(event);
  const isIncident = body.entity === 'incident';
  const at = new Date(body.timestamp).toISOString();
  const opened = data['opened_at'];
  const openedAt = typeof opened === 'number' || typeof opened === 'string' ? new Date(opened) : undefined;
  // What is told late of an incident that is over by then says so, too.
  const resolvedAt = isIncident && typeof data['resolved_at'] === 'number' ? data['resolved_at'] : undefined;
  const name = textOf(data, 'incident', 'job_id', 'rollout_id', 'name', 'endpoint') ?? event;
  const link = textOf(data, 'link', 'job');
  return {
    id,
    event,
    workspace,
    matter: [workspace, body.entity, ...(textOf(data, 'monitor', 'monitor_id') ?? '').split('/'), name]
      .filter((part) => part !== '')
      .map(encodeURIComponent)
      .join('/'),
    title: excerpt(textOf(data, 'title') ?? titleOf(body), titleCharsMax),
    text: excerpt(textOf(data, 'text', 'summary', 'reason', 'description') ?? '', textCharsMax),
    severity: severityOf(event, data),
    status: isIncident && isStep(action) ? (resolvedAt === undefined ? action : 'resolved') : 'told',
    facts: factsOf(data),
    link: link?.startsWith('/') ? `${publicUrl.replace(/\/+$/, '')}${link}` : null,
    at,
    resolvedAt: resolvedAt === undefined ? at : new Date(resolvedAt).toISOString(),
    openedAt: openedAt && !Number.isNaN(openedAt.getTime()) ? openedAt.toISOString() : at,
    data,
  };
}

function isStep(action: string): action is 'opened' | 'updated' | 'resolved' {
  return action === 'opened' || action === 'updated' || action === 'resolved';
}

/** As `Model version created: iris, version 2`. */
function titleOf({ entity, action, data }: Body): string {
  const words = `${entity} ${action}`.replaceAll('_', ' ');
  const what = textOf(data, 'name', 'endpoint', 'job_id');
  const version = textOf(data, 'version');
  const of = [what, version && `version ${version}`].filter((part) => part !== undefined).join(', ');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${of && `: ${of}`}`;
}

function severityOf(event: string, data: Body['data']): Notice['severity'] {
  const said = data['severity'];
  if (said === 'info' || said === 'warning' || said === 'critical') return said;
  return ['rollout.rolled_back', 'batch_job.failed', 'budget_policy.exceeded'].includes(event)
    ? 'warning'
    : 'info';
}

/** The first of some fields that is a text or a number. */
function textOf(data: Body['data'], ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = data[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

/** Fields with a value of their own, and those one level down, in the order in which they are. */
function factsOf(data: Body['data'], within = ''): [string, string][] {
  return Object.entries(data)
    .flatMap(([name, value]): [string, string][] => {
      const words = `${within}${name}`.replaceAll('_', ' ');
      if (notFacts.includes(name) || value === null || value === undefined) return [];
      if (Array.isArray(value)) return value.length > 0 ? [[words, listed(value)]] : [];
      if (typeof value === 'object') return within === '' ? factsOf(value as Body['data'], `${name} `) : [];
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return text === '' ? [] : [[words, text]];
    })
    .map(([name, value]): [string, string] => [line(name, nameCharsMax), line(value, valueCharsMax)])
    .slice(0, factsMax);
}

function listed(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return texts.join(', ');
}

function line(text: string, charsMax: number): string {
  // Each character of these would be sent as six.
  return excerpt(text.replaceAll(/\p{Cc}+/gu, ' '), charsMax);
}
