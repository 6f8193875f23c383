import type { Context } from '../context.ts';
import { type Endpoint, modelIdsOf, pinnedOf } from '../endpoints/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { countedWindow, exactRows } from '../predictions/index.ts';
import { edgesFor, type ProfileKey } from '../profiles/index.ts';
import { getVersion, listVersions, modelById } from '../registry/index.ts';
import type { AnsweringVersion } from './model.ts';
import type { Window } from './windows.ts';

export type Answered = { readonly model: AnsweringVersion | null; readonly otherVersionsRows: number };

type Candidate = {
  readonly digest: string;
  readonly rows: number;
  readonly find: () => Promise<AnsweringVersion | undefined>;
};

const versionsAtOnce = 100;

/**
 * The version that answered most rows of the window, and how many rows the others answered. Of a version that is not
 * counted, since it has no reference set, a sample is. Throws `not-found` where the version is gone.
 */
export async function answeredBy(ctx: Context, endpoint: Endpoint, window: Window): Promise<Answered> {
  const counted = await countedWindow(ctx, endpoint.name, window);
  const candidates: Candidate[] = [...counted.profiles].map(([digest, { rows, key }]) => ({
    digest,
    rows,
    find: () => counterpart(ctx, endpoint, key),
  }));
  for (const version of counted.uncounted)
    candidates.push(...(await sampled(ctx, endpoint.name, window, version)));
  const total = candidates.reduce((sum, { rows }) => sum + rows, counted.leftOut);
  const [most] = candidates.toSorted((a, b) => b.rows - a.rows);
  if (!most || most.rows === 0) {
    if (counted.uncounted.length > 0) throw gone();
    return { model: null, otherVersionsRows: 0 };
  }
  const model = await most.find();
  if (!model) throw gone();
  return { model, otherVersionsRows: total - most.rows };
}

/** A version that is not counted, as `<model id>/<version>`; nothing where it is gone. */
async function sampled(ctx: Context, endpoint: string, window: Window, name: string): Promise<Candidate[]> {
  const [modelId = '', number] = name.split('/');
  const found = await unlessCode(getVersion(ctx, modelId, Number(number)), 'not-found');
  if (found?.inspection.state !== 'ready') return [];
  const { digest } = found.inspection.ready;
  const { rows } = await exactRows(ctx, endpoint, window, { digest, columns: [] });
  return [{ digest, rows, find: () => Promise.resolve({ modelId, version: Number(number), digest }) }];
}

/** The version whose bytes and edges these are. */
async function counterpart(
  ctx: Context,
  endpoint: Endpoint,
  { digest, edgeSet }: ProfileKey,
): Promise<AnsweringVersion | undefined> {
  const isIt = async (modelId: string, version: number) =>
    (await edgesFor(ctx, { modelId, version }))?.id === edgeSet;
  for (const { modelId, pinned } of pinnedOf(endpoint))
    if (pinned.digest === digest && (await isIt(modelId, pinned.version)))
      return { modelId, version: pinned.version, digest };
  for (const modelId of modelIdsOf(endpoint)) {
    const root = await modelById(ctx, modelId);
    for (let pageToken: string | undefined; ; ) {
      const page = await listVersions(ctx, root, { limit: versionsAtOnce, pageToken });
      for (const { version, inspection } of page.items)
        if (
          inspection.state === 'ready' &&
          inspection.ready.digest === digest &&
          (await isIt(modelId, version))
        )
          return { modelId, version, digest };
      pageToken = page.nextToken;
      if (pageToken === undefined) break;
    }
  }
  return undefined;
}

function gone(): CairnError {
  return new CairnError('not-found', 'The version that answered in the window is no longer registered.', {
    field: 'version',
  });
}
