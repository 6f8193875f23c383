import { useState } from 'react';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { createWebhook, updateWebhook } from './actions.ts';
import { eventName, eventsOf, eventWords, formatWords, type Webhook } from './webhooks.ts';
import './webhooks.css';

type WebhookDialogProps = {
  /** The one to change; without it a new one is made. */
  readonly webhook?: Webhook;
  readonly onClose: () => void;
  readonly onCreated?: (id: string) => void;
};

const firstEvents = ['model_version.created', 'model_version_alias.created'];

/** What a webhook is called, whom it tells, and of what. */
export function WebhookDialog({ webhook, onClose, onCreated }: WebhookDialogProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(webhook ? eventsOf(webhook).map(eventName) : firstEvents),
  );
  const toggle = (name: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    setChosen(next);
  };
  return (
    <Dialog
      title={webhook ? `Edit ${webhook.name}` : 'New webhook'}
      action={webhook ? 'Save' : 'Create'}
      onClose={onClose}
      onSubmit={async (form) => {
        const text = (name: string) => String(form.get(name)).trim();
        const events = chosenEvents(chosen, webhook);
        const {
          ROLLOUT = [],
          BATCH_JOB = [],
          INCIDENT = [],
        } = Object.groupBy(events, ({ entity }) => entity);
        const known = events.filter((event) => ![...ROLLOUT, ...BATCH_JOB, ...INCIDENT].includes(event));
        if (events.length === 0) throw new Error('Choose what it is told of.');
        const draft = {
          name: text('name'),
          url: text('url'),
          description: text('description'),
          format: text('format'),
          events: known,
          rollout_events: ROLLOUT,
          batch_events: BATCH_JOB,
          monitoring_events: INCIDENT,
          ...(text('secret') === '' ? {} : { secret: text('secret') }),
        };
        if (webhook) await updateWebhook(webhook.webhook_id, draft);
        else onCreated?.(await createWebhook(draft));
      }}
    >
      <Field label="Name" hint="Letters, digits, dots, underscores and hyphens.">
        <input name="name" required maxLength={63} defaultValue={webhook?.name} />
      </Field>
      <Field label="Address" hint="It must answer over HTTPS, and lie outside of private networks.">
        <input
          name="url"
          type="url"
          required
          placeholder="https://example.org/hooks/models"
          defaultValue={webhook?.url}
        />
      </Field>
      <Field label="Format">
        <select name="format" defaultValue={webhook?.format ?? 'cairn'}>
          {formatWords.map(([format, words]) => (
            <option key={format} value={format}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Description">
        <textarea name="description" rows={2} maxLength={1000} defaultValue={webhook?.description} />
      </Field>
      <Field
        label="Secret"
        hint={
          webhook
            ? 'Leave empty to keep the one it has.'
            : 'Deliveries are signed with it, so that the receiver knows who sent them. It is not shown again.'
        }
      >
        <input name="secret" type="password" autoComplete="off" maxLength={1000} />
      </Field>
      <fieldset className="webhook-events">
        <legend>Told when</legend>
        {eventWords.map(([event, words]) => {
          const name = eventName(event);
          return (
            <label key={name} className="check" title={name}>
              <input type="checkbox" checked={chosen.has(name)} onChange={() => toggle(name)} />
              {words}
            </label>
          );
        })}
      </fieldset>
    </Dialog>
  );
}

/** The chosen events; those that this page has no words for stay. */
function chosenEvents(chosen: ReadonlySet<string>, webhook: Webhook | undefined) {
  const known = eventWords.map(([event]) => event);
  const names = new Set(known.map(eventName));
  return [
    ...known.filter((event) => chosen.has(eventName(event))),
    ...(webhook ? eventsOf(webhook) : []).filter((event) => !names.has(eventName(event))),
  ];
}
