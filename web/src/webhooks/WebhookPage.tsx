import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { Card } from '../parts/Card.tsx';
import { Chip, Tag } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { Moment } from '../parts/Time.tsx';
import { deleteWebhook, testWebhook, updateWebhook } from './actions.ts';
import { DeliveryRow } from './DeliveryRow.tsx';
import { WebhookDialog } from './WebhookDialog.tsx';
import {
  deliveriesQuery,
  eventName,
  eventsOf,
  formatWords,
  type TestResult,
  type Webhook,
  webhookQuery,
} from './webhooks.ts';
import './webhooks.css';

/** A webhook: whom it tells of what, and what became of each delivery. */
export function WebhookPage() {
  const { id = '' } = useParams();
  const query = useQuery(webhookQuery(id));
  if (query.data) return <Details webhook={query.data} />;
  return (
    <>
      <PageHead title="Webhook" crumbs={[{ label: 'Webhooks', href: '#/webhooks' }]} />
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton lines={6} />
      )}
    </>
  );
}

function Details({ webhook }: { readonly webhook: Webhook }) {
  const { webhook_id: id, status } = webhook;
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'edit' | 'delete'>();
  const test = useMutation({ mutationFn: () => testWebhook(id) });
  const active = status === 'ACTIVE';
  const toggle = useMutation({
    mutationFn: () => updateWebhook(id, { status: active ? 'DISABLED' : 'ACTIVE' }),
  });
  const close = () => setAsked(undefined);
  return (
    <>
      <PageHead
        title={webhook.name}
        crumbs={[{ label: 'Webhooks', href: '#/webhooks' }]}
        state={<Chip state={status.toLowerCase()} />}
        actions={
          <>
            <button type="button" disabled={test.isPending} onClick={() => test.mutate()}>
              {test.isPending ? 'Sending …' : 'Send a test'}
            </button>
            <button type="button" disabled={toggle.isPending} onClick={() => toggle.mutate()}>
              {active ? 'Disable' : 'Enable'}
            </button>
            <button type="button" onClick={() => setAsked('edit')}>
              <Icon name="edit" size={14} /> Edit
            </button>
            <MoreActions items={[{ label: 'Delete', danger: true, onChoose: () => setAsked('delete') }]} />
          </>
        }
      />
      {webhook.description !== undefined && webhook.description !== '' && (
        <p className="note">{webhook.description}</p>
      )}
      {test.error && <Failure error={test.error} />}
      {toggle.error && <Failure error={toggle.error} />}
      {test.data && <Tested result={test.data} />}
      <Facts
        of={{
          Tells: <Copyable text={webhook.url} />,
          Format:
            formatWords.find(([format]) => format === (webhook.format ?? 'cairn'))?.[1] ?? webhook.format,
          Created: <Moment at={webhook.creation_timestamp} />,
          Changed: <Moment at={webhook.last_updated_timestamp} />,
          Of: (
            <span className="tags">
              {eventsOf(webhook).map((event) => (
                <Tag key={eventName(event)}>{eventName(event)}</Tag>
              ))}
            </span>
          ),
        }}
      />
      <Deliveries id={id} />
      {asked === 'edit' && <WebhookDialog webhook={webhook} onClose={close} />}
      {asked === 'delete' && (
        <Dialog
          title={`Delete ${webhook.name}?`}
          action="Delete"
          danger
          onClose={close}
          onSubmit={async () => {
            await deleteWebhook(id);
            void navigate('/webhooks');
          }}
        >
          <p>Nobody at {new URL(webhook.url).host} is told of anything any more.</p>
        </Dialog>
      )}
    </>
  );
}

function Tested({ result }: { readonly result: TestResult }) {
  const { success, response_status: status, response_body: body, error_message: error } = result;
  return (
    <div className={success ? 'tested' : 'tested bad'} role="status">
      <strong>
        {success ? 'The receiver took the test' : 'The test was not taken'}
        {status === undefined ? '' : `: it answered ${status}`}
      </strong>
      {error !== undefined && <p>{error}</p>}
      {body !== undefined && body !== '' && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        <pre tabIndex={0}>{body}</pre>
      )}
    </div>
  );
}

function Deliveries({ id }: { readonly id: string }) {
  const query = useInfiniteQuery(deliveriesQuery(id));
  const deliveries = query.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <Card
      title="Deliveries"
      flush
      actions={
        <button
          type="button"
          className="quiet"
          disabled={query.isFetching}
          onClick={() => void query.refetch()}
        >
          <Icon name="refresh" size={14} /> Refresh
        </button>
      }
    >
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton lines={5} />
      ) : deliveries.length === 0 ? (
        <Empty title="Nothing was delivered yet">
          Each event it is told of stands here, with every attempt to send it.
        </Empty>
      ) : (
        <ul className="deliveries">
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.delivery_id} webhookId={id} delivery={delivery} />
          ))}
        </ul>
      )}
      <More query={query} />
    </Card>
  );
}
