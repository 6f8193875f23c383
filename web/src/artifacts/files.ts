import { queryOptions } from '@tanstack/react-query';
import { mlflow, request, workspace } from '../api/client.ts';
import type { Artifact } from '../api/types.ts';

/** The server hands out this much at once; a longer answer is a redirect to storage, which the page may not follow. */
const rangeBytesMax = 8 * 1024 * 1024;

/** Whose files they are: a run's own, or those of a model that it logged. */
export type Source =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'model'; readonly modelId: string };

/** What is below a folder: folders first, then by name. */
export function listingQuery(source: Source, path: string) {
  return queryOptions({
    queryKey: ['artifacts', source, path],
    queryFn: async ({ signal }) => {
      const { files = [] } = await listing(source, path, signal);
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
export function startQuery(source: Source, file: Artifact, bytesMax: number) {
  const size = file.file_size ?? 0;
  return queryOptions({
    queryKey: ['artifact', source, file.path, size, bytesMax],
    queryFn: async ({ signal }): Promise<Start> => ({
      bytes: await readFile(source, file.path, Math.min(size, bytesMax), signal),
      whole: size <= bytesMax,
    }),
    gcTime: 60_000,
    staleTime: 60_000,
  });
}

/** Where a file is downloaded from. */
export function addressOf(source: Source, path: string): string {
  switch (source.kind) {
    case 'run':
      return `/get-artifact?${new URLSearchParams({ run_id: source.runId, path }).toString()}`;
    case 'model':
      return `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(source.modelId)}/artifacts/files?${new URLSearchParams({ artifact_file_path: path }).toString()}`;
  }
}

/** Whether a link alone gets at the files: it names no workspace. */
export const linksSuffice = workspace === 'default';

/** The first `bytes` of a file, in as many ranges as it takes; less where the file has become shorter. */
export async function readFile(
  source: Source,
  path: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  while (at < bytes) {
    const last = Math.min(at + rangeBytesMax, bytes) - 1;
    const response = await request(addressOf(source, path), {
      headers: { range: `bytes=${at}-${last}` },
      ...(signal ? { signal } : {}),
    });
    const part = new Uint8Array(await response.arrayBuffer()).subarray(0, bytes - at);
    whole.set(part, at);
    at += part.length;
    if (at <= last) break;
  }
  return whole.subarray(0, at);
}

function listing(source: Source, path: string, signal: AbortSignal): Promise<{ files?: Artifact[] }> {
  const below = path === '' ? undefined : path;
  switch (source.kind) {
    case 'run':
      return mlflow.get('artifacts/list', { query: { run_id: source.runId, path: below }, signal });
    case 'model':
      return mlflow.get(`logged-models/${encodeURIComponent(source.modelId)}/artifacts/directories`, {
        query: { artifact_directory_path: below },
        signal,
      });
  }
}
