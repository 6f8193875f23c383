import { queryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { everyPage } from '../api/pages.ts';
import { queryClient } from '../api/queries.ts';

/** In place of what the settings say for every workspace. */
export type Limits = {
  readonly calls_per_minute?: number | null;
  readonly storage_gb?: number | null;
  readonly batch_rows_per_month?: number | null;
  readonly batch_retention_days?: number | null;
};

export type Workspace = {
  readonly name: string;
  readonly description: string;
  readonly created_at: number | null;
  readonly created_by: string | null;
  readonly limits: Limits | null;
};

export type WorkspaceDraft = { readonly description: string; readonly limits: Limits | null };

export const workspacesQuery = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) => everyPage<Workspace>('workspaces', 'workspaces', {}, signal),
});

export const changeWorkspace = {
  create: (name: string, draft: WorkspaceDraft) =>
    then(cairn.post('workspaces', { body: { name, ...draft } })),
  update: (name: string, draft: WorkspaceDraft) =>
    then(cairn.patch(`workspaces/${encodeURIComponent(name)}`, { body: draft })),
  remove: (name: string) => then(cairn.delete(`workspaces/${encodeURIComponent(name)}`)),
};

async function then<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey: ['workspaces'] });
  }
}
