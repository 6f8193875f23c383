/** Many models of ten versions each, in the stores of both servers: by their APIs it would take too long. */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Context } from '../shared/context.ts';
import type { Document } from '../shared/documents.ts';
import { createModel, createVersion, moveAlias } from '../shared/registry/index.ts';
import { openContext } from '../test/support/context.ts';

export const versionsEach = 10;
const seedsAtOnce = 16;
const started = Date.UTC(2026, 0, 1);

export const modelName = (i: number): string => `model ${String(i).padStart(5, '0')}`;
const teamOf = (i: number) => ['red', 'green', 'blue'][i % 3] ?? '';
const levelOf = (version: number) => (version % 2 === 0 ? 'prod' : 'dev');
/** No two models were changed in the order of their names. */
const timeOf = (i: number, version: number) => started + (((i * 7919) % 10_007) * 16 + version) * 1000;
const sourceOf = (i: number, version: number) => `s3://bucket/${i}/${version}`;

/** Writes models into the emulator of a folder. The registry makes the first, the others are copies of its documents. */
export async function seedCairn(folder: string, count: number): Promise<void> {
  // The transport reads its own settings from the process.
  process.env['CAIRN_COSMOS_DATA'] = folder;
  const ctx = await openContext({
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('../local/cosmos/transport.ts', import.meta.url)),
    CAIRN_AUTH: 'off',
  });
  try {
    await ctx.stores.documents.createIfMissing();
    const first = await firstModel(ctx);
    let next = 1;
    const worker = async () => {
      for (let i = next++; i < count; i = next++) await copy(ctx, first, i);
    };
    await Promise.all(Array.from({ length: seedsAtOnce }, worker));
  } finally {
    await ctx.stores.close();
    delete process.env['CAIRN_COSMOS_DATA'];
  }
}

type Made = Document & { readonly modelId: string; readonly version?: number };

/** The documents of model 0, its name's among them. */
async function firstModel(ctx: Context): Promise<Made[]> {
  const name = modelName(0);
  const { modelId } = await createModel(ctx, { name, tags: [{ key: 'team', value: teamOf(0) }] });
  for (let version = 1; version <= versionsEach; version++)
    await createVersion(ctx, {
      name,
      source: sourceOf(0, version),
      tags: [{ key: 'level', value: levelOf(version) }],
    });
  await moveAlias(ctx, { name, alias: 'champion', version: versionsEach });
  return ctx.stores.documents('models').query<Made>(
    {
      text: "SELECT * FROM c WHERE c.type IN ('model', 'version', 'alias-move', 'model-name') AND (c.modelId = @modelId OR c.target = @modelId)",
      values: { modelId },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
}

async function copy(ctx: Context, first: readonly Made[], i: number): Promise<void> {
  const modelId = ctx.ids.hex(16);
  const name = modelName(i);
  const nameId = `name:${createHash('sha256').update(name).digest('hex')}`;
  const copies = first.map((doc): Made & Record<string, unknown> => {
    const { version = 0 } = doc;
    const times = { createdAt: timeOf(i, version), updatedAt: timeOf(i, version) };
    switch (doc.type) {
      case 'model':
        return { ...doc, ...times, modelId, name, tags: { team: teamOf(i) } };
      case 'version':
        return {
          ...doc,
          ...times,
          modelId,
          ref: `${modelId}/${version}`,
          name,
          source: sourceOf(i, version),
        };
      case 'model-name':
        return { ...doc, modelId: nameId, name, target: modelId };
      default:
        return { ...doc, modelId };
    }
  });
  for (const key of [nameId, modelId])
    await ctx.stores.documents('models').batch(
      [ctx.workspace, key],
      copies.filter((doc) => doc.modelId === key).map((doc) => ({ op: 'create', doc })),
    );
}

/** The same rows for MLflow's own server. */
export function seedMlflow(database: string, count: number): void {
  const db = new DatabaseSync(database);
  try {
    db.exec('PRAGMA busy_timeout = 10000; BEGIN');
    const insert = (table: string, names: string) =>
      db.prepare(
        `INSERT INTO ${table} (workspace, ${names}) VALUES ('default'${', ?'.repeat(names.split(',').length)})`,
      );
    const model = insert('registered_models', 'name, creation_time, last_updated_time, description');
    const modelTag = insert('registered_model_tags', 'name, key, value');
    const alias = insert('registered_model_aliases', 'name, alias, version');
    const version = insert(
      'model_versions',
      'name, version, creation_time, last_updated_time, description, current_stage, source, storage_location, run_id, status',
    );
    const versionTag = insert('model_version_tags', 'name, version, key, value');
    for (let i = 0; i < count; i++) {
      const name = modelName(i);
      model.run(name, timeOf(i, 0), timeOf(i, 0), '');
      modelTag.run(name, 'team', teamOf(i));
      for (let n = 1; n <= versionsEach; n++) {
        const [time, source] = [timeOf(i, n), sourceOf(i, n)];
        version.run(name, n, time, time, '', 'None', source, source, '', 'READY');
        versionTag.run(name, n, 'level', levelOf(n));
      }
      alias.run(name, 'champion', versionsEach);
    }
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
