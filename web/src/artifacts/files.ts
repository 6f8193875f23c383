import { queryOptions } from '@tanstack/react-query';
import { mlflow, request, workspace } from '../api/client.ts';
import type { Artifact } from '../api/types.ts';

/** The server hands out this much at once; a longer answer is a redirect to storage, which the page may not follow. */
const rangeBytesMax = 8 * 1024 * 1024;

/** What is below a folder of a run: folders first, then by name. */
export function listingQuery(runId: string, path: string) {
  return queryOptions({
    queryKey: ['artifacts', runId, path],
    queryFn: async ({ signal }) => {
      const { files = [] } = await mlflow.get<{ files?: Artifact[] }>('artifacts/list', {
        query: { run_id: runId, ...(path === '' ? {} : { path }) },
        signal,
      });
      return files.toSorted(
        (a, b) =>
          Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path, 'en', { numeric: true }),
      );
    },
  });
}

/** The first bytes of a file. */
export type Start = { readonly bytes: Uint8Array<ArrayBuffer>; readonly whole: boolean };

/** A file up to `bytesMax`; `size` is its length. */
export function startQuery(runId: string, file: Artifact, bytesMax: number) {
  const size = file.file_size ?? 0;
  return queryOptions({
    queryKey: ['artifact', runId, file.path, size, bytesMax],
    queryFn: async ({ signal }): Promise<Start> => ({
      bytes: await readFile(runId, file.path, Math.min(size, bytesMax), signal),
      whole: size <= bytesMax,
    }),
    gcTime: 60_000,
    staleTime: 60_000,
  });
}

/** Where a file of a run is downloaded from. */
export function addressOf(runId: string, path: string): string {
  return `/get-artifact?${new URLSearchParams({ run_id: runId, path }).toString()}`;
}

/** Whether a link alone gets at the files: it names no workspace. */
export const linksSuffice = workspace === 'default';

/** The first `bytes` of a file, in as many ranges as it takes. */
export async function readFile(
  runId: string,
  path: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += rangeBytesMax) {
    const last = Math.min(at + rangeBytesMax, bytes) - 1;
    const response = await request(addressOf(runId, path), {
      headers: { range: `bytes=${at}-${last}` },
      ...(signal ? { signal } : {}),
    });
    whole.set(new Uint8Array(await response.arrayBuffer()).subarray(0, last - at + 1), at);
  }
  return whole;
}
