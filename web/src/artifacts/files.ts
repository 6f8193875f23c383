import { queryOptions } from '@tanstack/react-query';
import { mlflow, request } from '../api/client.ts';
import { fileOf, ranges } from '../api/ranges.ts';
import type { Artifact } from '../api/types.ts';

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

/** Where a file is read from. */
function addressOf(source: Source, path: string): string {
  switch (source.kind) {
    case 'run':
      return `/get-artifact?${new URLSearchParams({ run_id: source.runId, path }).toString()}`;
    case 'model':
      return `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(source.modelId)}/artifacts/files?${new URLSearchParams({ artifact_file_path: path }).toString()}`;
  }
}

/** An address at which storage hands out a file for a few minutes, to whoever has it. */
export async function signedAddress(source: Source, path: string): Promise<string> {
  switch (source.kind) {
    case 'run':
      return (
        await mlflow.post<{ presigned_url: string }>('artifacts/presigned-download-url', {
          body: { run_id: source.runId, path },
        })
      ).presigned_url;
    case 'model': {
      const { model } = await mlflow.get<{ model: { info: { artifact_uri: string } } }>(
        `logged-models/${encodeURIComponent(source.modelId)}`,
      );
      const root = model.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '');
      const whole = [...root.split('/'), ...path.split('/')].map(encodeURIComponent).join('/');
      const response = await request(`/ajax-api/2.0/mlflow-artifacts/presigned/${whole}`);
      return ((await response.json()) as { url: string }).url;
    }
  }
}

/** A whole file, to be kept. */
export function wholeFile(source: Source, path: string, bytes: number): Promise<Blob> {
  return fileOf(addressOf(source, path), bytes);
}

async function readFile(
  source: Source,
  path: string,
  bytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for await (const part of ranges(addressOf(source, path), bytes, signal)) {
    whole.set(part, at);
    at += part.length;
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
