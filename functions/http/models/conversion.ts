import * as z from 'zod';
import { conversionOf, type ConversionJob, requestConversion } from '../../../shared/conversion/index.ts';
import { CairnError, json, type Route, route } from '../../../shared/http/index.ts';
import { versionByName } from '../../../shared/registry/index.ts';
import { onModel, versionRef } from './refs.ts';

/** Conversion of other flavours to ONNX. */
export const conversionRoutes: readonly Route[] = [
  route('POST', '/api/v1/models/{m}/versions/{v}/convert', {
    operation: 'convertModelVersion',
    role: 'contributor',
    scope: onModel,
    input: z.strictObject(versionRef),
    handle: async (ctx, { m, v }) => json(presentConversion(await requestConversion(ctx, m, v)), 202),
  }),
  route('GET', '/api/v1/models/{m}/versions/{v}/conversion', {
    operation: 'getModelVersionConversion',
    role: 'viewer',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const job = await conversionOf(ctx, await versionByName(ctx, m, v));
      if (job) return presentConversion(job);
      throw new CairnError('not-found', `No conversion of version ${v} of '${m}' was ever asked for.`, {
        field: 'v',
      });
    },
  }),
];

/** A conversion as the API shows it; its ticket stays here. */
export function presentConversion(job: ConversionJob) {
  return {
    job_id: job.jobId,
    ...presentState(job),
    requested_by: job.requestedBy,
    created_at: job.createdAt,
  };
}

function presentState(job: ConversionJob) {
  switch (job.status) {
    case 'requested':
      return { status: 'waiting', attempt: 0 };
    case 'running':
    case 'recording':
      return { status: 'running', attempt: job.attempt, started_at: job.startedAt };
    case 'succeeded': {
      const { path, digest, bytes, check, warnings, packages } = job.converted;
      return {
        status: job.status,
        attempt: job.attempt,
        started_at: job.startedAt,
        finished_at: job.finishedAt,
        onnx: { path, digest, bytes },
        check: {
          rows: check.rows,
          rows_from: check.rowsFrom,
          max_abs_difference: check.maxAbsDifference,
          tolerance: check.tolerance,
        },
        warnings,
        packages,
      };
    }
    case 'failed':
      return {
        status: job.status,
        attempt: job.attempt,
        reason: job.reason,
        ...(job.logTail === undefined ? {} : { log_tail: job.logTail }),
        ...(job.startedAt === undefined ? {} : { started_at: job.startedAt }),
        finished_at: job.finishedAt,
      };
  }
}
