import { fullAccess } from '../access/index.ts';
import type { Stores } from '../azure/index.ts';
import { type Context, platform } from '../context.ts';
import { isCode, unlessCode } from '../http/index.ts';
import {
  type ColumnRules,
  currentHashKey,
  type HashKey,
  joinRules,
  type NamedRules,
  rulesInSchema,
  rulesInTags,
} from '../privacy/index.ts';
import { getVersion, type ModelVersion } from '../registry/index.ts';
import { getLoggedModel, getRun } from '../tracking/index.ts';
import type { ModelDeployment } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';

/** What was logged of a version's training data says this of columns; it does not change any more. */
type Logged = Map<string, Promise<readonly NamedRules[]>>;
const logged = new WeakMap<Stores, Logged>();
const loggedMax = 1000;

/**
 * What becomes of the columns of an endpoint before they are logged: its own data policy, joined with the tags
 * `cairn.pii.<column>` of the version that answers, of the logged model it came from and of the datasets its run
 * used, and with what the columns of its schemas say of themselves. Costs two point reads.
 */
export async function rulesOf(
  ctx: Context,
  { dataPolicy }: Pick<Endpoint, 'dataPolicy'>,
  of: Pick<ModelDeployment, 'modelId' | 'stable'> | undefined,
): Promise<ColumnRules> {
  // What an author says of a model counts, whoever asks the endpoint and whatever else they may see.
  const here: Context = { ...ctx, principal: platform, access: fullAccess };
  const version = of?.stable && (await getVersion(here, of.modelId, of.stable.version));
  const sources = [dataPolicy?.pii ?? {}, ...(version ? await rulesOfVersion(here, version) : [])];
  const subjectKey = dataPolicy?.subjectKey;
  const isHashing =
    subjectKey !== undefined || sources.some((source) => Object.values(source).includes('hash'));
  return joinRules(sources, subjectKey, isHashing ? await keyOf(here) : undefined);
}

async function rulesOfVersion(ctx: Context, version: ModelVersion): Promise<readonly NamedRules[]> {
  const { loggedModelId } = version;
  const [model, others] = await Promise.all([
    loggedModelId === undefined
      ? undefined
      : unlessCode(getLoggedModel(ctx, loggedModelId, { deleted: true }), 'not-found', 'invalid'),
    loggedOnce(ctx, version),
  ]);
  return [rulesInTags(version.tags), rulesInTags(model?.tags ?? {}), ...others];
}

function loggedOnce(ctx: Context, version: ModelVersion): Promise<readonly NamedRules[]> {
  const known: Logged = logged.get(ctx.stores) ?? new Map();
  logged.set(ctx.stores, known);
  const key = `${ctx.workspace}/${version.ref}/${version.updatedAt}`;
  const found = known.get(key);
  if (found) return found;
  const reading = rulesInLogged(ctx, version);
  known.set(key, reading);
  const [oldest] = known.keys();
  if (known.size > loggedMax && oldest !== undefined) known.delete(oldest);
  reading.catch(() => known.delete(key));
  return reading;
}

/** What the model's signature and the datasets of its run say. */
async function rulesInLogged(ctx: Context, { artifact, runId }: ModelVersion): Promise<NamedRules[]> {
  const { inputs = [], outputs = [] } = artifact?.schema ?? {};
  const run = runId ? await unlessCode(getRun(ctx, runId), 'not-found', 'invalid') : undefined;
  return [
    rulesInSchema([...inputs, ...outputs]),
    ...(run?.datasets ?? []).flatMap(({ tags, schema }) => [
      rulesInTags(tags),
      rulesInSchema(columnsOf(schema)),
    ]),
  ];
}

/** The columns that a dataset's schema lists, as MLflow writes it: `{"mlflow_colspec": [{name, type, …}]}`. */
function columnsOf(schema: string | undefined): readonly unknown[] {
  try {
    const parsed = JSON.parse(schema ?? '[]') as unknown;
    const { mlflow_colspec: columns } = (parsed ?? {}) as { mlflow_colspec?: unknown };
    const listed = Array.isArray(parsed) ? parsed : columns;
    return Array.isArray(listed) ? (listed as unknown[]) : [];
  } catch {
    // A schema of another format names no columns.
    return [];
  }
}

/** Without its key a column is masked: an endpoint goes on answering, and logs less rather than more. */
async function keyOf(ctx: Context): Promise<HashKey | undefined> {
  try {
    return await currentHashKey(ctx);
  } catch (error) {
    if (isCode(error, 'too-many')) throw error;
    ctx.log.error('columns are masked, since the key to hash them by is not at hand', {
      reason: String(error),
    });
    return undefined;
  }
}
