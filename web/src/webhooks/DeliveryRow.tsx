import { useMutation } from '@tanstack/react-query';
import { Chip } from '../parts/Chip.tsx';
import { Code } from '../parts/Code.tsx';
import { Failure } from '../parts/Failure.tsx';
import { counted, duration } from '../parts/format.ts';
import { useParamState } from '../parts/params.ts';
import { Table } from '../parts/Table.tsx';
import { Ago, Moment } from '../parts/Time.tsx';
import { redeliver } from './actions.ts';
import { type Delivery, eventName } from './webhooks.ts';

type DeliveryRowProps = { readonly webhookId: string; readonly delivery: Delivery };

/** One event on its way to the receiver: a line, and at a press what was sent and each attempt. */
export function DeliveryRow({ webhookId, delivery }: DeliveryRowProps) {
  const { delivery_id: id, event, status, attempts, created_at: at, next_attempt_at: next } = delivery;
  const [state, change] = useParamState();
  const open = state.get('delivery') === id;
  const again = useMutation({ mutationFn: () => redeliver(webhookId, id) });
  const last = attempts.at(-1);
  return (
    <li>
      <div className="delivery">
        <button
          type="button"
          className="link"
          aria-expanded={open}
          onClick={() => change({ delivery: open ? '' : id })}
        >
          {eventName(event)}
        </button>
        <Chip state={status} />
        <span className="hint cut">
          {counted(attempts.length, 'attempt')}
          {last &&
            `, ${last.status_code === undefined ? (last.error ?? 'no answer') : `answered ${last.status_code}`}`}
          {status === 'pending' && next !== undefined && (
            <>
              , next <Moment at={next} />
            </>
          )}
        </span>
        <span className="actions hint">
          <Ago at={at} />
          <button type="button" className="quiet" disabled={again.isPending} onClick={() => again.mutate()}>
            Redeliver
          </button>
        </span>
      </div>
      {again.error && <Failure error={again.error} />}
      {open && (
        <div className="delivery-body">
          {delivery.reason !== undefined && <p className="hint">{delivery.reason}</p>}
          {attempts.length > 0 && (
            <Table
              label={`Attempts of ${eventName(event)}`}
              rows={attempts}
              rowKey={(attempt) => String(attempt.at)}
              columns={[
                { title: 'When', cell: (attempt) => <Moment at={attempt.at} /> },
                { title: 'Answer', cell: ({ status_code: code, error }) => error ?? code ?? '—' },
                {
                  title: 'Took',
                  numeric: true,
                  cell: ({ milliseconds }) => duration(milliseconds),
                },
              ]}
            />
          )}
          <Code text={JSON.stringify(delivery.body, null, 2)} />
        </div>
      )}
    </li>
  );
}
