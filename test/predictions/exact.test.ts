import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { exactRows } from '../../shared/predictions/index.ts';
import { targetOf } from '../../shared/serving/index.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { deployCounted, eraseLength, hour, logAt, registerCounted, rowsFrom } from './counted-support.ts';

let server: TestServer;
let ctx: Context;
let digest: string;
beforeAll(async () => {
  server = await testServer();
  await registerCounted(server);
  ctx = server.ctx;
  await deployCounted(server, 'first');
  ({ digest } = (await targetOf(ctx, 'first')).model.ready);
});
afterAll(() => server.close());

const start = Date.UTC(2026, 1, 1);
const columns = ['in.length', 'in.width', 'score', 'class', 'predictionId'];
const draw = (name: string, from = start, to = start + 24 * hour, of = digest) =>
  exactRows(ctx, name, { from, to }, { digest: of, columns });

describe('a sample of rows', () => {
  test('is of at most 64 parts, the same for whoever draws it', async () => {
    await deployCounted(server, 'many');
    for (let part = 0; part < 70; part++)
      await logAt(ctx, 'many', start + (part % 5) * hour, rowsFrom(3 * part, 3));
    const drawn = await draw('many');
    expect([drawn.parts, drawn.partsOfWindow, drawn.rows]).toEqual([64, 70, 192]);
    expect(await draw('many')).toEqual(drawn);
    const of = (name: string) => drawn.columns.get(name) ?? [];
    expect(new Set(of('predictionId')).size).toBe(192);
    const hashes = of('predictionId').map((id) => Number.parseInt(String(id).slice(-8), 16));
    expect(hashes).toEqual(hashes.toSorted((a, b) => a - b));
    const known = new Set(rowsFrom(0, 210).map(([length, width]) => `${Math.fround(length)} ${width}`));
    const pairs = of('in.length').map((length, row) => `${length} ${of('in.width')[row]}`);
    expect(pairs.filter((pair) => !known.has(pair))).toEqual([]);
    expect(of('class').every((name) => typeof name === 'string')).toBe(true);
  });

  test('is of at most 10,000 rows, those of the smallest hashes', async () => {
    await deployCounted(server, 'large');
    const ids: string[] = [];
    for (let part = 0; part < 3; part++)
      ids.push(...(await logAt(ctx, 'large', start, rowsFrom(part * 4500, 4500))));
    const drawn = await draw('large');
    expect([drawn.rows, drawn.parts]).toEqual([10_000, 3]);
    const smallest = ids.toSorted((a, b) => (a.slice(-8) < b.slice(-8) ? -1 : 1)).slice(0, 10_000);
    expect(new Set(drawn.columns.get('predictionId'))).toEqual(new Set(smallest));
  });

  test('is of one version, of the window to the millisecond, and without what was erased', async () => {
    await deployCounted(server, 'exact');
    for (const at of [0, 1, 2]) await logAt(ctx, 'exact', start + at, [[at, 0, 0]]);
    await logAt(ctx, 'exact', start + 1, [[7, 0, 0]]);
    const lengths = async (from: number, to: number) =>
      ((await draw('exact', from, to)).columns.get('in.length') ?? []).map(Number).toSorted((a, b) => a - b);
    expect(await lengths(start + 1, start + 2)).toEqual([1, 7]);
    expect((await draw('exact', start, start + hour, 'sha256:other')).rows).toBe(0);
    expect((await draw('exact', start + hour, start + 2 * hour)).partsOfWindow).toBe(0);
    await eraseLength(ctx, 'exact', '2026020100', 7);
    expect(await lengths(start, start + hour)).toEqual([0, 1, 2]);
  });

  test('has personal columns as the log has them', async () => {
    await registerCounted(server, 'people', [{ key: 'cairn.pii.length', value: 'mask' }]);
    await deployCounted(server, 'personal', { model: 'people', alias: 'champion' });
    await logAt(ctx, 'personal', start, rowsFrom(1, 4));
    const drawn = await draw('personal');
    expect(drawn.rows).toBe(4);
    expect(drawn.columns.get('in.length')).toEqual([null, null, null, null]);
    expect(drawn.hidden.get('in.length')).toMatchObject({ rule: 'mask' });
  });
});
