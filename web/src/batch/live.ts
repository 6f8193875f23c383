import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BatchJob } from '../api/batch.ts';
import { ApiError, request } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import { isOver, jobPath, jobQuery } from './queries.ts';
import { eventsIn } from './stream.ts';

const comeBackMilliseconds = 1000;
const afterFailureMilliseconds = 5000;

/** A job as it is now: told by the server as it moves, and asked for where nothing is told. */
export function useJob(id: string) {
  const [isTold, setTold] = useState(false);
  const query = useQuery(jobQuery(id, isTold));
  const moves = query.data !== undefined && !isOver(query.data);
  useEffect(() => {
    if (!moves) return undefined;
    const gone = new AbortController();
    void follow(id, gone.signal, setTold);
    return () => gone.abort();
  }, [id, moves]);
  return query;
}

/**
 * Takes in what the server tells of a job until it is over. An EventSource would not do: it does not say who is
 * signed in.
 */
async function follow(id: string, signal: AbortSignal, onTold: (isTold: boolean) => void): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    let wait = comeBackMilliseconds;
    try {
      const response = await request(`/api/v1/${jobPath(id, 'events')}`, {
        headers: { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) },
        signal,
      });
      if (response.body === null || response.status === 204) return await readAgain(id);
      for await (const event of eventsIn(response.body)) {
        onTold(true);
        last = event.id ?? last;
        queryClient.setQueryData(jobQuery(id).queryKey, JSON.parse(event.data) as BatchJob);
        if (event.type === 'finished') return await readAgain(id);
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status === 404)) return;
      onTold(false);
      wait = afterFailureMilliseconds;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** What came of a job that is over. */
async function readAgain(id: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['batch-job', id] }),
    queryClient.invalidateQueries({ queryKey: ['batch-jobs'] }),
  ]);
}
