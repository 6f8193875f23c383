import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { headerOf, scoredFiles, scoredFilesOfModel } from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { createModel, createVersion, moveAlias } from '../../shared/registry/index.ts';
import { type TestContext, testContext } from '../support/context.ts';

let stack: TestContext;
let ctx: Context;
beforeAll(async () => {
  stack = await testContext();
  ctx = stack.ctx;
});
afterAll(() => stack.close());

const put = (
  name: string,
  content: string | Buffer,
  container: 'batch-input' | 'batch-output' = 'batch-input',
) => ctx.stores.blobs(container).write(name, Buffer.from(content));

describe('the columns of a file that was dropped or came out', () => {
  test.each<[string, string | Buffer, readonly string[] | undefined]>([
    ['a.csv', 'id,"na,me"\n1,2\n', ['id', 'na,me']],
    ['A.CSV', 'id\n1\n', ['id']],
    ['a.jsonl', '{"id":1,"name":"x"}\n{"id":2}\n', ['id', 'name']],
    ['one.ndjson', '{"id":1}', ['id']],
  ])('are told by its start: %s', async (name, content, columns) => {
    await put(`iris/${name}`, content);
    expect(await headerOf(ctx, { container: 'batch-input', name: `iris/${name}`, modifiedAt: 0 })).toEqual(
      columns,
    );
  });

  test.each<[string, string, string | Buffer]>([
    ['another delimiter', 'semicolons.csv', 'id;name\n1;2\n'],
    ['tabs', 'tabs.tsv', 'id\tname\n1\t2\n'],
    ['packed bytes', 'a.csv.gz', gzipSync('id,name\n1,2\n')],
    ['Parquet', 'a.parquet', 'PAR1'],
    ['no text', 'broken.csv', Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x0a])],
    ['nothing', 'empty.csv', ''],
    ['lines that are no objects', 'list.jsonl', '[1,2]\n'],
    ['lines that are no JSON', 'broken.jsonl', 'id,name\n'],
    [
      'values of rows that could not be scored',
      'a.csv.errors.jsonl',
      '{"row":1,"column":"name","value":"Ann"}\n',
    ],
    ['a name that says nothing', 'data', 'id,name\n'],
  ])('are unknown, and may be any, of %s', async (_, name, content) => {
    await put(`iris/${name}`, content);
    expect(
      await headerOf(ctx, { container: 'batch-input', name: `iris/${name}`, modifiedAt: 0 }),
    ).toBeUndefined();
  });

  test('of one that is gone are unknown', async () => {
    expect(
      await headerOf(ctx, { container: 'batch-output', name: 'iris/never.csv', modifiedAt: 0 }),
    ).toBeUndefined();
  });
});

describe('the files of a model', () => {
  const named = async (files: AsyncIterable<{ name: string }>) => {
    const names: string[] = [];
    for await (const { name } of files) names.push(name);
    return names;
  };

  test('are those of its own folder and of the one with its name, which an endpoint of that name takes', async () => {
    const { modelId } = await createModel(ctx, { name: 'rose' });
    await put('rose/dropped.csv', 'a\n');
    await put(`model-${modelId}/sent.csv`, 'a\n');
    await put(`model-${modelId}/job/a.csv`, 'a\n', 'batch-output');
    await put(`model-${modelId}/job/a.csv.errors.jsonl`, '{}\n', 'batch-output');
    const own = [
      `model-${modelId}/sent.csv`,
      `model-${modelId}/job/a.csv`,
      `model-${modelId}/job/a.csv.errors.jsonl`,
    ];
    expect(await named(scoredFilesOfModel(ctx, { modelId, name: 'rose' }))).toEqual([
      ...own,
      'rose/dropped.csv',
    ]);
    await createVersion(ctx, { name: 'rose', source: 'https://example.com/m' });
    await moveAlias(ctx, { name: 'rose', alias: 'champion', version: 1 });
    await createEndpoint(ctx, {
      name: 'rose',
      deployments: [following('rose', 'champion')],
      rollout: atOnce,
    });
    expect(await named(scoredFilesOfModel(ctx, { modelId, name: 'rose' }))).toEqual(own);
    expect(await named(scoredFiles(ctx, 'rose'))).toEqual(['rose/dropped.csv']);
  });
});
