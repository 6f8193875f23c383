import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { lossBound } from '../../shared/predictions/bounds.ts';
import { eventually } from '../../examples/client.ts';
import { type Answered, askUntil, post, publishOver, seeded, storedIds } from './support.ts';

const rounds = process.env['CAIRN_TEST'] === 'long' ? 8 : 2;
const flushSeconds = 2;
const rowsOfCallMax = 20;

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'cairn-buffer-'));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const start = (): Promise<Stack> =>
  startStack({
    data,
    port: 0,
    env: { CAIRN_AUTH: 'off', CAIRN_PREDICTION_FLUSH_SECONDS: String(flushSeconds) },
  });

const idsOf = (answered: readonly Answered[]) => answered.flatMap(({ ids }) => ids);

test('a host that is killed at any moment loses no more than the stated bound, and one that is told to stop nothing', {
  timeout: 60_000 * (rounds + 2),
}, async () => {
  const draw = seeded(20_260_102);
  const answered: Answered[] = [];
  let lostEver = 0;
  let stack = await start();
  try {
    await publishOver(stack.url, 'm');
    await post(`${stack.url}/api/v1/endpoints`, { name: 'buffered', model: 'm', alias: 'champion' });
    await eventually(
      'the endpoint',
      60,
      async () => (await fetch(`${stack.url}/endpoints/buffered/ping`)).ok || undefined,
    );
    for (let round = 0; round < rounds; round++) {
      let isOver = false;
      const asking = askUntil(stack.url, 'buffered', () => isOver, draw, rowsOfCallMax);
      await new Promise((resolve) => setTimeout(resolve, (1 + draw() * 2) * flushSeconds * 1000));
      const killedAt = Date.now();
      process.kill(stack.pids.host, 'SIGKILL');
      isOver = true;
      const now = await asking;
      await stack.stop();
      stack = await start();
      const stored = new Set(await storedIds(stack.connectionString, 'buffered'));
      const lost = now.map(({ ids, at }) => ({ at, ids: ids.filter((id) => !stored.has(id)) }));
      const old = killedAt - (flushSeconds + lossBound.writeSeconds) * 1000;
      expect(idsOf(lost.filter(({ at }) => at < old))).toEqual([]);
      // One version answers: at most the buffer that is open and the part that is being written.
      expect(idsOf(lost).length).toBeLessThanOrEqual(2 * (lossBound.rows + 4 * rowsOfCallMax));
      expect(idsOf(answered).filter((id) => !stored.has(id))).toEqual([]);
      lostEver += idsOf(lost).length;
      answered.push(...now.map(({ ids, at }) => ({ at, ids: ids.filter((id) => stored.has(id)) })));
    }
    // That kills lose something at all shows that they hit.
    expect(lostEver).toBeGreaterThan(0);

    let isOver = false;
    const asking = askUntil(stack.url, 'buffered', () => isOver, draw, rowsOfCallMax);
    await new Promise((resolve) => setTimeout(resolve, 500 + draw() * 1000));
    const stopping = stack.stop();
    isOver = true;
    answered.push(...(await asking));
    await stopping;
    stack = await start();
    const stored = await storedIds(stack.connectionString, 'buffered');
    expect(new Set(stored).size).toBe(stored.length);
    expect(idsOf(answered).filter((id) => !stored.includes(id))).toEqual([]);
  } finally {
    await stack.stop();
  }
});
