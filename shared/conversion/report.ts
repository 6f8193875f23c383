import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { blobName } from '../artifacts/index.ts';
import type { Context } from '../context.ts';
import { conversionFolder } from '../registry/index.ts';
import type { ConversionJob, Converted } from './job.ts';

/** Of the largest ONNX that is served, as the inspection has it. */
export const onnxBytesMax = 512 * 1024 * 1024;
/** The largest difference of two probabilities, or of two values as a share of those over 1. */
const tolerance = 1e-4;
const reportBytesMax = 256 * 1024;

/**
 * The folder of one attempt, among the artifacts, where no flavour of MLflow's looks. No two share one, so
 * that an attempt that was given up and still runs changes nothing that was looked at.
 */
export function targetOf({ artifact, jobId }: ConversionJob, attempt: number): string {
  return `${artifact}/${conversionFolder}/${jobId}-${attempt}`;
}

const text = z.string().max(4000);
const reported = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('converted'),
    path: text,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().positive(),
    rows: z.int().positive(),
    rows_from: z.enum(['input-example', 'signature', 'model']),
    max_abs_difference: z.number().min(0),
    warnings: z.array(text).max(100).default([]),
    packages: z.record(z.string(), text).default({}),
  }),
  z.object({ state: z.literal('failed'), reason: text }),
]);

export type Report = { readonly converted: Converted } | { readonly failed: string };

/**
 * What an attempt reports of itself, in the file `report` of its folder: a line with the HMAC-SHA-256 of
 * the rest under the job's ticket, then the rest, which is JSON. `undefined` where there is none, or
 * none that has the ticket.
 */
export async function readReport(
  ctx: Context,
  job: ConversionJob,
  attempt: number,
): Promise<Report | undefined> {
  const blob = blobName(ctx, `${targetOf(job, attempt)}/report`);
  const bytes = await ctx.stores.blobs('artifacts').read(blob, reportBytesMax);
  if (!bytes || bytes.byteLength > reportBytesMax) return undefined;
  const [proof, body] = splitOnce(Buffer.from(bytes).toString(), '\n');
  if (!isProof(job.ticket, proof, body)) return undefined;
  return reportOf(body, `${targetOf(job, attempt)}/model.onnx`);
}

/** Why the file that an attempt left is not what it reports; `undefined` where it is. */
export async function whyNotAsReported(
  ctx: Context,
  { path, digest, bytes }: Converted,
): Promise<string | undefined> {
  const blobs = ctx.stores.blobs('artifacts');
  const found = await blobs.stat(blobName(ctx, path));
  if (!found) return 'The converter reported a model that it did not store.';
  if (found.bytes > onnxBytesMax)
    return `The ONNX has ${found.bytes} bytes; at most ${onnxBytesMax} can be served.`;
  if (found.bytes !== bytes)
    return `The converter reported ${bytes} bytes of ONNX, but stored ${found.bytes}.`;
  const stored = `sha256:${await digestOf(ctx, path)}`;
  return stored === digest ? undefined : `The stored ONNX is ${stored}, not ${digest} as it was reported.`;
}

async function digestOf(ctx: Context, path: string): Promise<string> {
  const bytes = await ctx.stores.blobs('artifacts').read(blobName(ctx, path), onnxBytesMax);
  return createHash('sha256')
    .update(bytes ?? new Uint8Array())
    .digest('hex');
}

function reportOf(body: string, expectedPath: string): Report {
  const { data, error } = reported.safeParse(parsed(body));
  if (!data) return { failed: `The converter's report is not one: ${z.prettifyError(error)}` };
  if (data.state === 'failed') return { failed: data.reason };
  if (data.path !== expectedPath)
    return { failed: `The converter stored the model at '${data.path}', not at '${expectedPath}'.` };
  if (data.max_abs_difference > tolerance)
    return {
      failed: `The ONNX differs from the model by ${data.max_abs_difference}, more than ${tolerance}.`,
    };
  return {
    converted: {
      path: data.path,
      digest: `sha256:${data.sha256}`,
      bytes: data.bytes,
      check: {
        rows: data.rows,
        rowsFrom: data.rows_from,
        maxAbsDifference: data.max_abs_difference,
        tolerance,
      },
      warnings: data.warnings,
      packages: data.packages,
    },
  };
}

function isProof(ticket: string, proof: string, body: string): boolean {
  const right = createHmac('sha256', ticket).update(body).digest();
  const given = Buffer.from(proof, 'hex');
  return given.byteLength === right.byteLength && timingSafeEqual(given, right);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function splitOnce(whole: string, separator: string): [string, string] {
  const at = whole.indexOf(separator);
  return at < 0 ? [whole, ''] : [whole.slice(0, at), whole.slice(at + separator.length)];
}
