import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';

const triesMax = 2;

/** Answers are kept for the visit and fresh for a few seconds; what may pass by itself is tried again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      refetchOnWindowFocus: false,
      retry: (tries, error) => tries < triesMax && mayPass(error),
    },
  },
});

function mayPass(error: unknown): boolean {
  return error instanceof ApiError && [0, 429, 502, 503, 504].includes(error.status);
}

/** Lists follow a write a moment later; what is read by its id is there at once. */
export const listsLagMilliseconds = 1000;
