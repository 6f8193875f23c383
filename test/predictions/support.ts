import { BlobServiceClient } from '@azure/storage-blob';
import type { Context } from '../../shared/context.ts';
import { readPart } from '../../shared/predictions/part.ts';
import { predict, targetOf } from '../../shared/serving/index.ts';
import { classifier, features } from '../serving/support.ts';

/** A call with a JSON body; throws where it is not answered well. */
export async function post<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Registers a classifier over HTTP, and gives its version 1 the alias `champion`. */
export async function publishOver(url: string, model: string): Promise<void> {
  const api = `${url}/api/2.0/mlflow`;
  const { run } = await post<{ run: { info: { run_id: string; artifact_uri: string } } }>(
    `${api}/runs/create`,
    {},
  );
  const { run_id, artifact_uri } = run.info;
  const path = artifact_uri.replace('mlflow-artifacts:/', '');
  await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${path}/model/model.onnx`, {
    method: 'PUT',
    body: Buffer.from(classifier()),
  });
  await post(`${api}/registered-models/create`, { name: model });
  await post(`${api}/model-versions/create`, { name: model, source: `runs:/${run_id}/model`, run_id });
  await post(`${api}/registered-models/alias`, { name: model, alias: 'champion', version: '1' });
}

/** Rows that were answered: their ids, and when the answer had arrived. */
export type Answered = { readonly ids: readonly string[]; readonly at: number };

/**
 * Asks an endpoint again and again, by several callers, until `isOver` or until it answers no more. `draw` gives
 * numbers in [0, 1) by which calls have 1 to `rowsMax` rows.
 */
export async function askUntil(
  url: string,
  endpoint: string,
  isOver: () => boolean,
  draw: () => number,
  rowsMax = 20,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  const caller = async () => {
    while (!isOver()) {
      const data = Array.from({ length: 1 + Math.floor(draw() * rowsMax) }, () => [draw(), draw(), draw()]);
      try {
        const { prediction_ids } = await post<{ prediction_ids: string[] }>(
          `${url}/endpoints/${endpoint}/invocations`,
          { dataframe_split: { columns: features, data } },
        );
        answered.push({ ids: prediction_ids, at: Date.now() });
      } catch {
        // Cut off; what was answered before has been noted.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, caller));
  return answered;
}

/** The ids in the parts of an endpoint's log, as they are stored: a row that is there twice is there twice. */
export async function storedIds(connectionString: string, endpoint: string): Promise<string[]> {
  const container =
    BlobServiceClient.fromConnectionString(connectionString).getContainerClient('predictions');
  const ids: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix: `default/${endpoint}/parts/` }))
    ids.push(
      ...(await readPart(await container.getBlobClient(name).downloadToBuffer(), ['predictionId']))
        .column('predictionId')
        .map(String),
    );
  return ids;
}

/** Numbers in [0, 1) that are the same for the same seed: the minimal standard generator of Park and Miller, 1988. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
}

/** A prediction at a time of the test's choosing, in milliseconds since 1970; its id. */
export async function askAt(ctx: Context, name: string, at: number): Promise<string> {
  const timed = { ...ctx, clock: { now: () => at } };
  const inputs = { input: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } } as const;
  return (await predict(timed, await targetOf(ctx, name), inputs)).ids[0] ?? '';
}
