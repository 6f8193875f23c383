import type { BatchJob, DirectUpload, Owner } from '../api/batch.ts';
import { cairn } from '../api/client.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import { jobPath, jobQuery } from './queries.ts';

export type OwnerName = Pick<Owner, 'type' | 'name'>;

const asField = ({ type, name }: OwnerName) => ({ [type]: name });

/** What can be done with jobs; afterwards whatever shows them is read again. */
export const changeJob = {
  async start(owner: OwnerName, input: string, options: object = {}): Promise<BatchJob> {
    const job = await cairn.post<BatchJob>('batch-jobs', { body: { ...asField(owner), input, ...options } });
    readListsAgain();
    return job;
  },
  cancel: (id: string) => then(id, cairn.post<BatchJob>(jobPath(id, 'cancel'), { body: {} })),
  retry: (id: string) => then(id, cairn.post<BatchJob>(jobPath(id, 'retry'), { body: {} })),
  async remove(id: string): Promise<void> {
    await cairn.delete(jobPath(id));
    await queryClient.invalidateQueries({ queryKey: ['batch-job', id], refetchType: 'none' });
    readListsAgain();
  },
};

/** Where a file of an owner is to be sent; `upload` is one that was begun. */
export function beginUpload(
  owner: OwnerName,
  {
    name,
    bytes,
    upload,
  }: { readonly name: string; readonly bytes: number; readonly upload?: string | undefined },
): Promise<DirectUpload> {
  return cairn.post('batch-uploads', {
    body: { ...asField(owner), name, bytes, ...(upload === undefined ? {} : { upload }) },
  });
}

/** After an answer of either kind: what was refused is so because the job is not as it was shown. */
async function then(id: string, answer: Promise<BatchJob>): Promise<void> {
  try {
    await answer;
  } finally {
    readListsAgain();
    await queryClient.invalidateQueries({ queryKey: jobQuery(id).queryKey });
  }
}

function readListsAgain(): void {
  const lists = { queryKey: ['batch-jobs'] };
  void queryClient.invalidateQueries(lists);
  setTimeout(() => void queryClient.invalidateQueries(lists), listsLagMilliseconds);
}
