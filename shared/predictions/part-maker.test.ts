import { describe, expect, test } from 'vitest';
import { edgeSetOf } from '../profiles/index.ts';
import { head, requests } from './golden/part-1.ts';
import { Gathered } from './gathered.ts';
import { makePart, type PartJob } from './make-part.ts';
import { madePart } from './part-maker.ts';
import { readPart } from './part.ts';
import { rowsOf, type Scored } from './rows.ts';

const large = 2 ** 20;

function job(calls: readonly Scored[] = requests): PartJob {
  const gathered = new Gathered();
  for (const each of calls) gathered.add(each);
  const columns = (head.features ?? []).map((name, i) => ({ name, cells: Float64Array.of(i, i + 1, i + 2) }));
  const edges = edgeSetOf(columns, { isFloat32: true });
  return { head, blocks: gathered.blocks(), isLogged: true, lostRows: 3, edges };
}

describe('parts of the log', () => {
  test('that are large are made in another thread, to the same bytes, while this one goes on', async () => {
    const many = job(Array.from({ length: 2_000 }, () => requests).flat());
    await madePart(many, large);
    const before = process.threadCpuUsage();
    const aside = await madePart(many, large);
    const asked = process.threadCpuUsage(before);
    const begun = process.threadCpuUsage();
    const here = makePart(many);
    const made = process.threadCpuUsage(begun);
    expect(aside).toEqual(here);
    expect(asked.user + asked.system).toBeLessThan((made.user + made.system) / 2);
  });

  test('of rows out of a queue are made there as well', async () => {
    const { edges } = job();
    const taken = requests.map((request) => rowsOf(head, [request]));
    const ids = taken.flatMap(({ rows }, call) => Array.from({ length: rows }, (_, row) => `${call}-${row}`));
    const aside = await madePart({ head, taken, ids, edges }, large);
    expect(aside).toEqual(makePart({ head, taken, ids, edges }));
    const table = await readPart(aside.part ?? new Uint8Array());
    expect(table).toMatchObject({ rows: ids.length, isQueued: true });
    expect(table.column('predictionId')).toEqual(ids);
  });

  test('are made all the same where the thread cannot take them, and the thread takes the next', async () => {
    const odd = { ...job(), head: { ...head, unsendable: () => 0 } };
    expect(await madePart(odd, large)).toEqual(makePart(job()));
    expect(await madePart(job(), large)).toEqual(makePart(job()));
  });

  test('that cannot be made say why, wherever they are tried', async () => {
    const broken = { ...job(), blocks: [{}] } as unknown as PartJob;
    await expect(madePart(broken, 0)).rejects.toThrow(TypeError);
    await expect(madePart(broken, large)).rejects.toThrow(TypeError);
    expect(await madePart(job(), large)).toEqual(makePart(job()));
  });
});
