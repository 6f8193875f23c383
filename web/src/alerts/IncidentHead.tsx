import { useState } from 'react';
import { alertmanager, type WholeIncident } from '../api/alerts.ts';
import { Chip } from '../parts/Chip.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Icon } from '../parts/Icon.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { changeIncident } from './actions.ts';
import { SilenceDialog } from './SilenceDialog.tsx';
import { EndpointLink, lasted, MonitorLink, SeverityChip, StateChip } from './words.tsx';

const commentCharsMax = 1000;

/** What an incident is, how it stands, who looks after it, and what can be done about it. */
export function IncidentHead({ incident }: { readonly incident: WholeIncident }) {
  const [asked, setAsked] = useState<'acknowledge' | 'silence' | 'resolve'>();
  const { id, monitor, endpoint, state, severity, title, versions, acknowledged } = incident;
  const isOpen = state === 'open';
  const close = () => setAsked(undefined);
  const firing = new Set(
    incident.alerts.flatMap((alert) => (alert.state === 'firing' ? [alert.signal] : [])),
  );
  const [signal] = firing;
  return (
    <>
      <PageHead
        title={title}
        crumbs={[{ label: 'Alerts', href: '#/alerts' }]}
        state={
          <span className="tags" role="status">
            <SeverityChip severity={severity} />
            <StateChip state={state} />
            {isOpen && acknowledged !== null && <Chip state="acknowledged" tone="quiet" />}
          </span>
        }
        actions={
          isOpen && (
            <May needs="operator">
              <button type="button" onClick={() => setAsked('silence')}>
                <Icon name="silence" size={14} /> Silence
              </button>
              {monitor === alertmanager && (
                <button type="button" onClick={() => setAsked('resolve')}>
                  <Icon name="close" size={14} /> Close
                </button>
              )}
              {acknowledged === null && (
                <button type="button" className="primary" onClick={() => setAsked('acknowledge')}>
                  <Icon name="check" size={14} /> Acknowledge
                </button>
              )}
            </May>
          )
        }
      />
      <FactLine
        of={{
          Incident: <code>{id}</code>,
          Endpoint: endpoint !== '' && <EndpointLink name={endpoint} />,
          Monitor: <MonitorLink name={monitor} />,
          Versions: versions.map((version) => `v${version}`).join(', '),
          Opened: <Moment at={incident.opened_at} />,
          Resolved: incident.resolved_at !== null && <Moment at={incident.resolved_at} />,
          [isOpen ? 'Lasts' : 'Lasted']: lasted(incident),
        }}
      />
      {acknowledged !== null && (
        <p className="incident-word">
          <Icon name="person" />
          <span>
            <strong>{acknowledged.by}</strong> {isOpen ? 'looks' : 'looked'} after it,{' '}
            <Ago at={acknowledged.at} />
            {acknowledged.comment !== '' && `: ${acknowledged.comment}`}
          </span>
        </p>
      )}
      {incident.silenced_until !== null && (
        <p className="incident-word">
          <Icon name="silence" />
          <span className="in-text">
            A <a href="#/silences">silence</a> keeps it from being told until{' '}
            <Moment at={incident.silenced_until} />.
          </span>
        </p>
      )}
      {asked === 'acknowledge' && (
        <Dialog
          title="Look after this incident"
          action="Acknowledge"
          onClose={close}
          onSubmit={(form) => changeIncident.acknowledge(id, String(form.get('comment')).trim())}
        >
          <p>
            You are named here, and nobody is reminded of it any more. It stays open while its alerts fire.
          </p>
          <Field label="Comment" hint="What others should know; may be left empty.">
            <textarea name="comment" rows={3} maxLength={commentCharsMax} />
          </Field>
        </Dialog>
      )}
      {asked === 'resolve' && (
        <Dialog
          title="Close this incident"
          action="Close incident"
          onClose={close}
          onSubmit={(form) => changeIncident.resolve(id, String(form.get('comment')).trim())}
        >
          <p>
            Its alerts end with it, also where the Alertmanager goes on to repeat them. What fires anew opens
            another incident.
          </p>
          <Field label="Comment" hint="How it is known to be over; may be left empty.">
            <textarea name="comment" rows={3} maxLength={commentCharsMax} />
          </Field>
        </Dialog>
      )}
      {asked === 'silence' && (
        <SilenceDialog
          given={{ monitor, ...(firing.size === 1 && signal !== undefined ? { signal } : {}) }}
          onClose={close}
        />
      )}
    </>
  );
}
