import { queryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';

/** What becomes of a column with personal data before a prediction is logged. */
export type PiiRule = 'mask' | 'hash';

/** Why an endpoint logs what it is asked, for how long, and which columns are personal data. */
export type DataPolicy = {
  readonly version: number;
  readonly purpose: string;
  readonly retention_days: number;
  readonly pii: Readonly<Record<string, PiiRule>>;
  readonly subject_key: string | null;
  readonly changed_at: number;
  readonly changed_by: string;
};

export type DataPolicyDraft = {
  readonly purpose: string;
  readonly retention_days: number;
  readonly pii: Readonly<Record<string, PiiRule>>;
  readonly subject_key?: string;
};

/** The policy of an endpoint; null where nobody has made one. */
export function dataPolicyQuery(endpoint: string) {
  return queryOptions({
    queryKey: ['endpoints', endpoint, 'data-policy'],
    queryFn: async ({ signal }) => {
      const policy = await cairn.get<DataPolicy>(pathOf(endpoint), { signal });
      return policy.version === 0 ? null : policy;
    },
  });
}

/** `policy`: the one that the reader saw. Where it has changed meanwhile, nothing is overwritten. */
export async function setDataPolicy(
  endpoint: string,
  draft: DataPolicyDraft,
  policy: DataPolicy | null,
): Promise<void> {
  try {
    await cairn.put(pathOf(endpoint), {
      body: draft,
      version: `"${policy?.version ?? 0}"`,
    });
  } finally {
    await queryClient.invalidateQueries({ queryKey: ['endpoints', endpoint, 'data-policy'] });
  }
}

function pathOf(endpoint: string): string {
  return `endpoints/${encodeURIComponent(endpoint)}/data-policy`;
}
