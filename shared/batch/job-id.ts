import { createHash } from 'node:crypto';
import type { BatchModel, JobInput, Owner } from './job.ts';

/** What makes two requests ask for the same job. */
export type JobIdentity = {
  readonly workspace: string;
  readonly owner: Owner;
  readonly input: Pick<JobInput, 'container' | 'name' | 'isPrefix' | 'etag'>;
  /** What was asked for beside the input: a version, options, a key of the caller's. Nothing for a file that was dropped. */
  readonly asked?: unknown;
  /** What scores, where the input was asked for again after another version had scored it. */
  readonly again?: BatchModel;
  /** How many jobs of this identity have been deleted. */
  readonly generation?: number;
};

/** The same for the same bytes under the same name, so that a repeated event finds the job it made before. */
export function jobIdOf({
  workspace,
  owner,
  input,
  asked = null,
  again,
  generation = 0,
}: JobIdentity): string {
  const { container, name, isPrefix, etag } = input;
  const identity = [workspace, owner.type, owner.id, container, name, isPrefix, etag, asked, generation];
  if (again) identity.push(again.modelId, again.version, again.digest);
  return `batch-${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)}`;
}
