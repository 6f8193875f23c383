import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { Endpoint } from '../api/endpoints.ts';
import { Chip } from '../parts/Chip.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { TagList } from '../parts/TagList.tsx';
import { Ago } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { DeleteDialog } from './DeleteDialog.tsx';
import { EndpointDialog } from './EndpointDialog.tsx';

const labelsShown = 8;

/** The name of an endpoint, its state, and what can be done with the whole of it. */
export function EndpointHead({ endpoint }: { readonly endpoint: Endpoint }) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'edit' | 'delete'>();
  const { name, labels } = endpoint;
  const close = () => setAsked(undefined);
  return (
    <>
      <PageHead
        title={name}
        crumbs={[{ label: 'Endpoints', href: '#/endpoints' }]}
        state={
          <span role="status">
            <Chip state={endpoint.status} />
          </span>
        }
        actions={
          <>
            {endpoint.model !== null && (
              <May needs="contributor">
                <a className="button" href={links.newBatchJob(name)}>
                  <Icon name="batch" size={14} /> Score a file
                </a>
              </May>
            )}
            <May needs="operator">
              <button type="button" onClick={() => setAsked('edit')}>
                <Icon name="edit" size={14} /> Edit
              </button>
            </May>
            <MoreActions
              items={[
                {
                  label: 'Delete the endpoint',
                  danger: true,
                  needs: 'operator',
                  onChoose: () => setAsked('delete'),
                },
              ]}
            />
          </>
        }
      />
      <FactLine
        of={{
          Made: <Ago at={endpoint.created_at} />,
          Changed: endpoint.updated_at !== endpoint.created_at && <Ago at={endpoint.updated_at} />,
          Labels: Object.keys(labels).length > 0 && (
            <TagList
              max={labelsShown}
              tags={Object.entries(labels).map(([key, value]) => ({ key, value }))}
            />
          ),
        }}
      />
      {asked === 'edit' && <EndpointDialog endpoint={endpoint} onClose={close} />}
      {asked === 'delete' && (
        <DeleteDialog name={name} onClose={close} onDeleted={() => void navigate('/endpoints')} />
      )}
    </>
  );
}
