import * as z from 'zod';
import { CairnError, fields } from '../../../shared/http/index.ts';
import type { LifecycleStage } from '../../../shared/tracking/index.ts';

/** Old clients send `run_uuid`. */
export const runRef = z.object({ run_id: fields.text.optional(), run_uuid: fields.text.optional() });
export const viewType = z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']).default('ACTIVE_ONLY');
export function runId(input: { run_id?: string | undefined; run_uuid?: string | undefined }): string {
  const id = input.run_id || input.run_uuid;
  if (id) return id;
  throw new CairnError(
    'invalid',
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
    { field: 'run_id' },
  );
}

export function stagesOf(view: z.output<typeof viewType>): LifecycleStage[] {
  switch (view) {
    case 'ACTIVE_ONLY':
      return ['active'];
    case 'DELETED_ONLY':
      return ['deleted'];
    case 'ALL':
      return ['active', 'deleted'];
  }
}
