import { useEffect, useRef, useState } from 'react';
import type { BatchJob } from '../api/batch.ts';
import { Delivery, type Order } from './delivery.ts';

export type Sending =
  | { readonly is: 'draft' }
  | {
      readonly is: 'sending';
      readonly bytes: number;
      readonly since: number;
      /** Since then. */
      readonly milliseconds: number;
    }
  | { readonly is: 'starting' }
  | { readonly is: 'failed'; readonly error: unknown; readonly bytes: number };

/** The way of a file to its job, as far as it is; what was begun for the same order is gone on with. */
export function useSending(onStarted: (job: BatchJob) => void) {
  const [state, setState] = useState<Sending>({ is: 'draft' });
  const stop = useRef<AbortController>(undefined);
  const begun = useRef<Delivery>(undefined);
  const isBusy = state.is === 'sending' || state.is === 'starting';
  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => {
    if (!isBusy) return undefined;
    // What is on its way ends with the page.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isBusy]);

  const sending = (bytes: number) => {
    const now = Date.now();
    setState((last) => {
      const since = last.is === 'sending' ? last.since : now;
      return { is: 'sending', bytes, since, milliseconds: now - since };
    });
  };

  const send = async (order: Order) => {
    const { signal } = (stop.current = new AbortController());
    if (!begun.current?.isOf(order)) begun.current = new Delivery(order, sending);
    const delivery = begun.current;
    sending(delivery.bytes);
    try {
      onStarted(await delivery.run(signal, () => setState({ is: 'starting' })));
    } catch (error) {
      if (!signal.aborted) setState({ is: 'failed', error, bytes: delivery.bytes });
    }
  };
  const cancel = () => {
    stop.current?.abort();
    begun.current = undefined;
    setState({ is: 'draft' });
  };
  return { state, isBusy, send, cancel };
}
