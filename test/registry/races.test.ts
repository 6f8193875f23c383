import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { CairnError } from '../../shared/http/index.ts';
import {
  type AliasMove,
  createModel,
  createVersion,
  deleteModel,
  deleteVersion,
  modelByName,
  type ModelRoot,
  moveAlias,
  renameModel,
  setModelTag,
  setVersionTag,
  transitionStage,
  versionByName,
} from '../../shared/registry/index.ts';
import { testInstances } from '../support/instances.ts';
import { insisting } from './support.ts';

/** Two instances of the app on the same stores: each believes what it remembers, not what the other did. */
let both: Awaited<ReturnType<typeof testInstances>>;
beforeAll(async () => {
  both = await testInstances(2);
});
afterAll(() => both.close());

const at = (i: number): Context => {
  const ctx = both.instances[i % 2];
  if (!ctx) throw new Error('no instance');
  return ctx;
};
const twenty = <T>(each: (ctx: Context, i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 20 }, (_, i) => insisting(() => each(at(i), i))));

async function newModel(name: string, versions: number): Promise<ModelRoot> {
  const root = await createModel(at(0), { name });
  for (let i = 0; i < versions; i++) await createVersion(at(0), { name, source: 's3://a/b' });
  return root;
}

function strong<T>(modelId: string, type: string): Promise<T[]> {
  return at(0)
    .stores.documents('models')
    .query<T>(
      { text: 'SELECT * FROM c WHERE c.type = @type', values: { type } },
      { key: ['default', modelId], consistency: 'strong' },
    );
}

describe('twenty at once', () => {
  test('who register versions get twenty numbers', async () => {
    await newModel('numbers', 0);
    const made = await twenty((ctx) => createVersion(ctx, { name: 'numbers', source: 's3://a/b' }));
    expect(made.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  test('who create one model make one', async () => {
    const made = await Promise.allSettled(twentyCalls((ctx) => createModel(ctx, { name: 'single' })));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(reasons(made)).toEqual(new Set(['already-exists']));
  });

  test('who move an alias leave a history in which each move follows from the one before', async () => {
    const { modelId } = await newModel('moved', 20);
    await twenty((ctx, i) => moveAlias(ctx, { name: 'moved', alias: 'champion', version: i + 1 }));
    const moves = (await strong<AliasMove>(modelId, 'alias-move')).toSorted((a, b) => a.seq - b.seq);
    expect(moves).toHaveLength(20);
    expect(moves.map(({ from }) => from)).toEqual([undefined, ...moves.slice(0, -1).map(({ to }) => to)]);
    expect((await modelByName(at(1), 'moved')).aliases).toEqual({ champion: moves.at(-1)?.to });
  });

  test('and a hundred at one instance take turns: nobody is told to come back', async () => {
    await newModel('queued', 100);
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        i % 2 === 0
          ? moveAlias(at(0), { name: 'queued', alias: 'champion', version: i + 1 })
          : createVersion(at(0), { name: 'queued', source: 's3://a/b' }),
      ),
    );
    expect((await modelByName(at(0), 'queued')).nextVersion).toBe(151);
  });

  test('who expect one holder are all told but one', async () => {
    await newModel('expected', 21);
    await moveAlias(at(0), { name: 'expected', alias: 'champion', version: 21 });
    const moves = await Promise.allSettled(
      twentyCalls((ctx, i) =>
        moveAlias(ctx, { name: 'expected', alias: 'champion', version: i + 1, expected: 21 }),
      ),
    );
    expect(moves.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(reasons(moves)).toEqual(new Set(['conflict']));
  });

  test('who take Production and archive the rest leave one there and no version in two stages', async () => {
    await newModel('staged', 20);
    await twenty((ctx, i) =>
      transitionStage(ctx, { name: 'staged', version: i + 1, stage: 'Production', archiveExisting: true }),
    );
    const { stages } = await modelByName(at(0), 'staged');
    expect(stages.Production).toHaveLength(1);
    expect([...(stages.Production ?? []), ...(stages.Archived ?? [])].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  test('who set tags of one model and one version lose none', async () => {
    await newModel('tagged', 1);
    await twenty(async (ctx, i) => {
      await setModelTag(ctx, 'tagged', { key: `k${i}`, value: 'v' });
      await setVersionTag(ctx, { name: 'tagged', version: 1 }, { key: `k${i}`, value: 'v' });
    });
    expect(Object.keys((await modelByName(at(0), 'tagged')).tags)).toHaveLength(20);
    expect(Object.keys((await versionByName(at(0), 'tagged', 1)).tags)).toHaveLength(20);
  });

  test('who give aliases to a version while it is deleted leave none with it', async () => {
    await newModel('vanishing', 1);
    const moves = twentyCalls((ctx, i) =>
      moveAlias(ctx, { name: 'vanishing', alias: `a${i}`, version: 1 }).catch((error: unknown) => {
        if (!(error instanceof CairnError) || error.code !== 'not-found') throw error;
      }),
    );
    await Promise.all([...moves, insisting(() => deleteVersion(at(0), { name: 'vanishing', version: 1 }))]);
    expect(await modelByName(at(1), 'vanishing')).toMatchObject({ aliases: {}, gone: [1] });
  });
});

test('whoever creates, renames and deletes models of few names: each name has at most one, and each is found by its name', async () => {
  const names = ['x', 'y', 'z'];
  const pick = () => names[Math.floor(Math.random() * names.length)] ?? '';
  const rounds = process.env['CAIRN_TEST'] === 'long' ? 300 : 30;
  const worker = async (ctx: Context) => {
    for (let round = 0; round < rounds; round++) {
      const roll = Math.random();
      const act =
        roll < 0.4
          ? createModel(ctx, { name: pick() })
          : roll < 0.85
            ? renameModel(ctx, pick(), pick())
            : deleteModel(ctx, pick());
      await act.catch((error: unknown) => {
        // Told to the client, and no harm done.
        if (!(error instanceof CairnError) || error.code === 'internal') throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, i) => worker(at(i))));
  const roots = await at(0)
    .stores.documents('models')
    .query<ModelRoot>(
      { text: "SELECT * FROM c WHERE c.type = 'model' AND c.name IN ('x', 'y', 'z')" },
      { key: ['default'], consistency: 'strong' },
    );
  expect(new Set(roots.map(({ name }) => name)).size).toBe(roots.length);
  for (const { name, modelId } of roots)
    for (const ctx of both.instances) expect((await modelByName(ctx, name)).modelId).toBe(modelId);
});

function twentyCalls<T>(each: (ctx: Context, i: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: 20 }, (_, i) => insisting(() => each(at(i), i)));
}

function reasons(settled: readonly PromiseSettledResult<unknown>[]): Set<unknown> {
  return new Set(
    settled.flatMap((each) => (each.status === 'rejected' ? [(each.reason as CairnError).code] : [])),
  );
}
