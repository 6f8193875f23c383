import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { getReady } from '../registry/index.ts';
import { lost, swap } from '../swap.ts';
import { type Endpoint, pinnedOf, rulesOf } from '../endpoints/index.ts';
import { hourFolder, type Hour, parsePredictionId } from './prediction-id.ts';
import { inHours, logFolder, type PredictionRange } from './predictions.ts';
import { type ErasedRows, erasedRows } from './tombstones.ts';

/** What turned out to be true of a prediction: a class, or a number. */
export type Label = string | number;
export type PredictionLabel = { readonly predictionId: string; readonly label: Label };

/** In a body of JSON, and in a file. */
export const labelsMax = 10_000;
export const labelsOfFileMax = 100_000;
const labelCharsMax = 500;

/** One call's labels for one hour of predictions. */
type LabelPart = {
  readonly v: 1;
  /** When they first arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly labels: readonly (readonly [predictionId: string, label: Label])[];
};

/** How a field of a label is called towards who sent it, by the position of the label from 0. */
export type LabelNaming = (index: number, field: 'prediction_id' | 'label') => string;

/**
 * Records labels, at most 100,000, in create-only parts filed under the hour of the prediction and named
 * by their content, so that a call that is repeated changes nothing. They may arrive before the part
 * with the predictions, or years after; of a prediction that was erased none is kept. All are checked before any is
 * kept: `invalid` names the field as `nameOf` does.
 */
export async function recordLabels(
  ctx: Context,
  endpoint: string,
  labels: readonly PredictionLabel[],
  nameOf: LabelNaming = (index, field) => `labels[${index}].${field}`,
): Promise<void> {
  if (labels.length > labelsOfFileMax)
    throw new CairnError(
      'too-large',
      `There are ${labels.length} labels; send at most ${labelsOfFileMax} at once.`,
    );
  const owner = `${ctx.workspace}/${endpoint}`;
  const byHour = new Map<Hour, [string, Label][]>();
  labels.forEach(({ predictionId, label }, index) => {
    checkLabel(label, nameOf(index, 'label'));
    const { hour } = parsePredictionId(owner, predictionId, nameOf(index, 'prediction_id'));
    const known = byHour.get(hour) ?? [];
    known.push([predictionId, label]);
    byHour.set(hour, known);
  });
  for (const [hour, entries] of byHour) {
    const name = createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 32);
    const part: LabelPart = { v: 1, at: ctx.clock.now(), labels: entries };
    await ctx.stores
      .blobs('predictions')
      .write(`${owner}/labels/${hourFolder(hour)}/${name}.json`, Buffer.from(JSON.stringify(part)), {
        createOnly: true,
        contentType: 'application/json',
      });
    // Looked for behind the write: an erasure that goes on beside it either finds these labels, or is found.
    const erased = await erasedRows(ctx, endpoint, hour);
    if (entries.some(([id]) => erased.has(id))) await eraseLabels(ctx, endpoint, hour, erased);
  }
}

/** Takes the labels of rows that were erased out of an hour, or only counts them; says how many there were. */
export async function eraseLabels(
  ctx: Context,
  endpoint: string,
  hour: Hour,
  erased: ErasedRows,
  dryRun = false,
): Promise<number> {
  const container = ctx.stores.blobs('predictions');
  let removed = 0;
  for await (const { name } of container.walk(logFolder(ctx, endpoint, 'labels', hour)))
    removed += await swap(ctx, `The labels of '${endpoint}'`, async () => {
      const stored = await container.readStored(name);
      if (!stored) return 0;
      const part = JSON.parse(stored.bytes.toString()) as LabelPart;
      const labels = part.labels.filter(([id]) => !erased.has(id));
      if (labels.length === part.labels.length || dryRun) return part.labels.length - labels.length;
      // Left in its place, also when empty, so that the same call sent again does not bring the labels back.
      const rest = Buffer.from(JSON.stringify({ ...part, labels } satisfies LabelPart));
      const contentType = 'application/json';
      const isWritten = await container.write(name, rest, { contentType, ifMatch: stored.etag });
      return isWritten ? part.labels.length - labels.length : lost;
    });
  return removed;
}

/** Refuses labels (`conflict`) where the data policy hides what the model answers: they would say the same openly. */
export async function checkLabelled(ctx: Context, endpoint: Endpoint): Promise<void> {
  for (const { modelId, pinned } of pinnedOf(endpoint)) {
    const { columns } = await rulesOf(ctx, endpoint, { modelId, stable: pinned });
    if (columns.size === 0) continue;
    const { signature } = await getReady(ctx, modelId, pinned.version);
    const isHidden = (name: string) =>
      [...columns.keys()].some((each) =>
        [name, `out.${name}`].some((whole) => each === whole || each.startsWith(`${whole}.`)),
      );
    const hidden = signature.outputs.find(({ name }) => isHidden(name));
    if (!hidden) continue;
    throw new CairnError(
      'conflict',
      `Output '${hidden.name}' of '${endpoint.name}' is personal data by its data policy, so labels, which say the same, are not kept.`,
      { field: 'endpoint' },
    );
  }
}

/**
 * Labels of the predictions of a range (whole hours), by prediction id. Where a prediction was labelled
 * twice the later label counts. A call repeated word for word is the same call and keeps its first time.
 */
export async function readLabels(
  ctx: Context,
  { endpoint, from, to }: PredictionRange,
): Promise<Map<string, Label>> {
  const parts: (LabelPart & { readonly name: string })[] = [];
  for await (const { name } of inHours(ctx, endpoint, 'labels', from, to)) {
    const bytes = await ctx.stores.blobs('predictions').read(name);
    if (bytes) parts.push({ ...(JSON.parse(bytes.toString()) as LabelPart), name });
  }
  parts.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
  return new Map(parts.flatMap(({ labels }) => labels));
}

function checkLabel(label: Label, field: string): void {
  const isFit = typeof label === 'number' ? Number.isFinite(label) : label.length <= labelCharsMax;
  if (isFit) return;
  throw new CairnError(
    'invalid',
    `${field} must be a finite number or at most ${labelCharsMax} characters.`,
    {
      field,
    },
  );
}
