import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { BatchJob } from '../api/batch.ts';
import { Chip } from '../parts/Chip.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Icon } from '../parts/Icon.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { May } from '../session/may.tsx';
import { changeJob } from './actions.ts';
import { isOver } from './queries.ts';
import { inputName } from './words.ts';

/** What a job scores, its state, and what can be done with it. */
export function JobHead({ job }: { readonly job: BatchJob }) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'cancel' | 'delete'>();
  const retry = useMutation({ mutationFn: () => changeJob.retry(job.id) });
  const close = () => setAsked(undefined);
  const mayGoOn = job.status === 'failed' || job.status === 'cancelled';
  return (
    <>
      <PageHead
        title={inputName(job)}
        crumbs={[{ label: 'Batch jobs', href: '#/batch-jobs' }]}
        state={
          <span role="status">
            <Chip state={job.status} />
          </span>
        }
        actions={
          <>
            <May needs="contributor">
              {(job.status === 'planned' || job.status === 'running') && (
                <button type="button" onClick={() => setAsked('cancel')}>
                  <Icon name="close" size={14} /> Cancel the job
                </button>
              )}
              {mayGoOn && (
                <button type="button" disabled={retry.isPending} onClick={() => retry.mutate()}>
                  <Icon name="refresh" size={14} /> {job.status === 'failed' ? 'Retry' : 'Go on'}
                </button>
              )}
            </May>
            {isOver(job) && (
              <MoreActions
                items={[
                  {
                    label: 'Delete the job',
                    danger: true,
                    needs: 'contributor',
                    onChoose: () => setAsked('delete'),
                  },
                ]}
              />
            )}
          </>
        }
      />
      {retry.error && <Failure error={retry.error} />}
      {asked === 'cancel' && (
        <Dialog
          title="Cancel the job?"
          action="Yes, cancel it"
          danger
          onClose={close}
          onSubmit={() => changeJob.cancel(job.id)}
        >
          <p>Nothing comes out. What has been scored stays for a week: the job can go on from there.</p>
        </Dialog>
      )}
      {asked === 'delete' && (
        <Dialog
          title="Delete the job?"
          action="Delete"
          danger
          onClose={close}
          onSubmit={async () => {
            await changeJob.remove(job.id);
            void navigate('/batch-jobs');
          }}
        >
          <p>Its outputs, its file of bad rows and its report are deleted with it. The input stays.</p>
        </Dialog>
      )}
    </>
  );
}
