import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { Chip } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Skeleton } from '../parts/Loading.tsx';
import { More } from '../parts/More.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { WebhookDialog } from './WebhookDialog.tsx';
import { eventName, webhooksQuery } from './webhooks.ts';

/** Everyone who is told of what happens to models. */
export function WebhooksPage() {
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const query = useInfiniteQuery(webhooksQuery);
  const webhooks = query.data?.pages.flatMap((page) => page.webhooks ?? []) ?? [];
  return (
    <>
      <PageHead
        title="Webhooks"
        actions={
          <button type="button" className="primary" onClick={() => setCreating(true)}>
            <Icon name="plus" /> New webhook
          </button>
        }
      />
      <section className="card" aria-label="Webhooks">
        {query.error ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Skeleton lines={6} />
        ) : webhooks.length === 0 ? (
          <Empty title="No webhooks yet">
            A webhook tells another service of what happens to models: that a version was registered, or that
            an alias moved.
          </Empty>
        ) : (
          <Table
            label="Webhooks"
            rows={webhooks}
            rowKey={(each) => each.webhook_id}
            columns={[
              {
                title: 'Name',
                cell: (each) => (
                  <a className="clamp" href={links.webhook(each.webhook_id)}>
                    {each.name}
                  </a>
                ),
              },
              { title: 'Status', cell: ({ status }) => <Chip state={status.toLowerCase()} /> },
              {
                title: 'Tells',
                cell: ({ url }) => (
                  <code className="clamp" title={url}>
                    {url}
                  </code>
                ),
              },
              {
                title: 'Of',
                cell: ({ events }) => (
                  <span title={events.map(eventName).join('\n')}>
                    {events.length === 1 && events[0]
                      ? eventName(events[0])
                      : counted(events.length, 'kind of event', 'kinds of events')}
                  </span>
                ),
              },
              { title: 'Changed', cell: (each) => <Ago at={each.last_updated_timestamp} /> },
            ]}
          />
        )}
        <More query={query} />
      </section>
      {creating && (
        <WebhookDialog
          onClose={() => setCreating(false)}
          onCreated={(id) => void navigate(links.webhook(id).slice(1))}
        />
      )}
    </>
  );
}
