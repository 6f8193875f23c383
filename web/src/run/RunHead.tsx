import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { tagMap } from '../api/tags.ts';
import type { Run } from '../api/types.ts';
import { Chip } from '../parts/Chip.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { FactLine } from '../parts/Facts.tsx';
import { Failure } from '../parts/Failure.tsx';
import { duration } from '../parts/format.ts';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { MoreActions } from '../parts/MoreActions.tsx';
import { Ago } from '../parts/Time.tsx';
import { May } from '../session/may.tsx';
import { change, experimentQuery, isLive } from './queries.ts';

/** Which run this is, how it stands, and what can be done with it. */
export function RunHead({ run }: { readonly run: Run }) {
  const { info } = run;
  const experiment = useQuery(experimentQuery(info.experiment_id));
  const restore = useMutation({ mutationFn: () => change.restore(info.run_id) });
  const [asking, setAsking] = useState<'rename' | 'delete'>();
  // What a client did not say is kept as `unknown`.
  const user = [info.user_id, tagMap(run.data.tags).get('mlflow.user')].find(
    (name) => name && name !== 'unknown',
  );
  const deleted = info.lifecycle_stage === 'deleted';
  const name = info.run_name || info.run_id;
  const close = () => setAsking(undefined);
  return (
    <>
      <PageHead
        crumbs={[
          { label: 'Experiments', href: '#/experiments' },
          {
            label: experiment.data?.name ?? `Experiment ${info.experiment_id}`,
            href: links.experiment(info.experiment_id),
          },
        ]}
        title={name}
        state={
          <>
            <May needs="contributor">
              <button
                type="button"
                className="quiet"
                aria-label="Rename"
                title="Rename"
                disabled={deleted}
                onClick={() => setAsking('rename')}
              >
                <Icon name="edit" size={14} />
              </button>
            </May>
            <Chip state={info.status} />
            {deleted && <Chip state="deleted" />}
          </>
        }
        actions={
          <>
            {deleted && (
              <May needs="contributor">
                <button type="button" disabled={restore.isPending} onClick={() => restore.mutate()}>
                  Restore
                </button>
              </May>
            )}
            <MoreActions
              items={
                deleted
                  ? [{ label: 'Restore', needs: 'contributor', onChoose: () => restore.mutate() }]
                  : [
                      { label: 'Rename', needs: 'contributor', onChoose: () => setAsking('rename') },
                      {
                        label: 'Delete',
                        danger: true,
                        needs: 'contributor',
                        onChoose: () => setAsking('delete'),
                      },
                    ]
              }
            />
          </>
        }
      />
      {restore.error && <Failure error={restore.error} />}
      <FactLine
        of={{
          Started: <Ago at={info.start_time} />,
          [info.end_time === undefined ? 'Running for' : 'Took']: <Took run={run} />,
          By: user,
          'Run id': <Copyable text={info.run_id} />,
        }}
      />
      {asking === 'rename' && (
        <Dialog
          title="Rename this run"
          action="Rename"
          onSubmit={async (form) => change.rename(info.run_id, String(form.get('name')))}
          onClose={close}
        >
          <Field label="Name">
            <input name="name" defaultValue={info.run_name} required maxLength={250} />
          </Field>
        </Dialog>
      )}
      {asking === 'delete' && (
        <Dialog
          title={`Delete ${name}?`}
          action="Delete"
          danger
          onSubmit={async () => change.remove(info.run_id)}
          onClose={close}
        >
          <p>It leaves lists and searches. It can be restored until it is purged.</p>
        </Dialog>
      )}
    </>
  );
}

const tickMilliseconds = 1000;

/** How long a run took, or has taken until now. */
function Took({ run }: { readonly run: Run }) {
  const { start_time: start, end_time: end } = run.info;
  const live = end === undefined && isLive(run);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!live) return undefined;
    const timer = setInterval(() => setNow(Date.now()), tickMilliseconds);
    return () => clearInterval(timer);
  }, [live]);
  if (end !== undefined) return duration(end - start);
  return live ? duration(Math.max(0, Math.floor((now - start) / 1000) * 1000)) : '–';
}
