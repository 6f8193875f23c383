import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../parts/Card.tsx';
import { Dialog, Field } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';
import { changeHolds, type Hold, holdsQuery } from './erasures.ts';
import { SubjectFields, subjectIn } from './SubjectFields.tsx';

type Asked = { readonly what: 'place' } | { readonly what: 'release'; readonly hold: Hold };

/** What must be kept although somebody asked for erasure, such as evidence in a lawsuit. */
export function HoldsCard() {
  const [asked, setAsked] = useState<Asked>();
  const query = useQuery(holdsQuery);
  const close = () => setAsked(undefined);
  return (
    <Card
      title="Holds"
      flush
      actions={
        <button type="button" className="quiet" onClick={() => setAsked({ what: 'place' })}>
          <Icon name="lock" size={14} /> Place a hold
        </button>
      }
    >
      <Loaded query={query} lines={3}>
        {(holds) =>
          holds.length === 0 ? (
            <p className="hint card-none">
              None. What a hold covers is neither erased nor does it end by age.
            </p>
          ) : (
            <Table
              label="Holds"
              rows={holds}
              rowKey={({ id }) => id}
              columns={[
                {
                  title: 'Keeps',
                  cell: ({ endpoint, subject }) => (
                    <span className="in-text">
                      {subject ? (
                        <>
                          one person’s rows, by <code>{subject.column}</code>,
                        </>
                      ) : (
                        'all rows'
                      )}{' '}
                      of{' '}
                      {endpoint === null ? (
                        'every endpoint'
                      ) : (
                        <a href={links.endpoint(endpoint)}>{endpoint}</a>
                      )}
                    </span>
                  ),
                },
                { title: 'Reason', cell: ({ reason }) => reason },
                {
                  title: 'Placed',
                  cell: ({ placed_at: at, placed_by: by }) => (
                    <>
                      <Ago at={at} /> by {by}
                    </>
                  ),
                },
                { title: 'Hold', cell: ({ id }) => <code className="steady">{id}</code> },
                {
                  title: <span className="hidden">Actions</span>,
                  id: 'actions',
                  cell: (hold) => (
                    <button
                      type="button"
                      className="quiet"
                      aria-label={`Release: ${hold.reason}`}
                      onClick={() => setAsked({ what: 'release', hold })}
                    >
                      Release
                    </button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {asked?.what === 'place' && (
        <Dialog title="Place a hold" action="Place" onClose={close} onSubmit={async (form) => place(form)}>
          <SubjectFields required={false} />
          <Field label="Reason">
            <input name="reason" required maxLength={2000} autoComplete="off" />
          </Field>
        </Dialog>
      )}
      {asked?.what === 'release' && (
        <Dialog
          title="Release this hold?"
          action="Release"
          danger
          onClose={close}
          onSubmit={(form) => changeHolds.release(asked.hold.id, String(form.get('reason')).trim())}
        >
          <p>Erasures that it kept waiting go on, and what is past its time ends.</p>
          <Field label="Reason">
            <input name="reason" maxLength={2000} autoComplete="off" />
          </Field>
        </Dialog>
      )}
    </Card>
  );
}

function place(form: FormData): Promise<unknown> {
  const held = subjectIn(form);
  if (!held.subject && held.endpoint === undefined)
    throw new Error('Name a person, an endpoint, or both: not everything can be held at once.');
  return changeHolds.place({ ...held, reason: String(form.get('reason')).trim() });
}
