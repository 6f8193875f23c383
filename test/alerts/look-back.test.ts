import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { at } from '../monitoring/support.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { checked, monitored, statesOf, toldOf, windowEnd, windows, write } from './windows.ts';

let server: TestServer;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const last = 199;

/** A monitor with two hundred windows; labels may come for seven days, that is 168 of them. */
async function longWatched(name: string, letters: Readonly<Record<string, string>>): Promise<string> {
  ctx = at(server.ctx, windowEnd(last));
  const monitor = await monitored(server, name);
  for (let i = 0; i <= last; i++)
    await write(
      ctx,
      monitor,
      i,
      Object.fromEntries(
        Object.entries(letters).map(([signal, line]) => [signal, line[i] ?? line.at(-1) ?? '?']),
      ),
    );
  await checked(ctx, monitor, last);
  return monitor;
}

/** Labels of windows have come: each is checked again. */
async function labelled(monitor: string, first: number, letters: string): Promise<void> {
  for (const [i, letter] of letters.split('').entries()) {
    await write(ctx, monitor, first + i, { performance: letter, traffic: '.' });
    await checked(ctx, monitor, first + i);
  }
}

test('labels that come days late raise an alert and resolve it, though the last windows have none', async () => {
  const monitor = await longWatched('days-late', { performance: '?', traffic: '.' });
  await labelled(monitor, 100, 'xx');
  expect(await toldOf(ctx, monitor)).toEqual(['opened (performance)']);
  // What comes on time says nothing of it, and leaves it as it is.
  await write(ctx, monitor, last, { performance: '?', traffic: '.' });
  await checked(ctx, monitor, last);
  expect(await statesOf(ctx, monitor)).toEqual({ performance: 'firing' });
  await labelled(monitor, 102, '...');
  expect(await toldOf(ctx, monitor)).toEqual(['opened (performance)', 'resolved (performance)']);
});

test('a few labels among the last windows are counted with those of before', async () => {
  const monitor = await longWatched('few', { performance: '?', traffic: '.' });
  await labelled(monitor, 100, 'x');
  await labelled(monitor, last - 1, 'x');
  expect(await toldOf(ctx, monitor)).toEqual(['opened (performance)']);
});

test('a change of long ago raises nothing where windows since then were clear', async () => {
  const monitor = await longWatched('since-clear', { performance: '.', traffic: '.' });
  await labelled(monitor, 100, 'xx');
  await labelled(monitor, 3, 'xx');
  expect(await toldOf(ctx, monitor)).toEqual([]);
});

test('a change of long ago loses nothing that fires still, and resolves what never should have fired', async () => {
  const fires = await longWatched('fires-still', { performance: `xx${'o'.repeat(198)}`, traffic: '.' });
  await windows(ctx, fires, { performance: 'xxooooooo', traffic: '.' }, last - 8);
  expect(await statesOf(ctx, fires)).toEqual({ performance: 'firing' });
  await labelled(fires, 60, '...');
  expect(await statesOf(ctx, fires)).toEqual({ performance: 'firing' });
  await labelled(fires, last - 8, 'oo');
  expect((await toldOf(ctx, fires)).at(-1)).toMatch(/^resolved/);
});
