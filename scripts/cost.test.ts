import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  busySeconds,
  type CostItem,
  listPrices,
  monthlyCost,
  noTraffic,
  shapeDefault,
  trafficDefault,
} from './cost/estimate.ts';

const total = (items: readonly CostItem[]) => items.reduce((sum, { price }) => sum + price, 0);
const script = fileURLToPath(new URL('cost.ts', import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

describe('what a month costs', () => {
  test('while nothing happens: cents to a dollar or two', () => {
    expect(total(monthlyCost(noTraffic, shapeDefault))).toBeLessThan(2);
  });

  test('grows with each part of the traffic, and with what is chosen', () => {
    const base = total(monthlyCost(trafficDefault, shapeDefault));
    const more = (traffic: object, shape: object = {}) =>
      total(monthlyCost({ ...trafficDefault, ...traffic }, { ...shapeDefault, ...shape }));
    for (const name of [
      'runs',
      'endpoints',
      'predictions',
      'batchRows',
      'people',
      'megabytesPerRun',
    ] as const)
      expect([name, more({ [name]: trafficDefault[name] * 10 }) > base]).toEqual([name, true]);
    expect(more({}, { alerts: true })).toBeGreaterThan(base);
    expect(more({}, { network: 'private' })).toBeGreaterThan(base + 30);
    expect(more({}, { alwaysReady: 2 })).toBeGreaterThan(more({}, { alwaysReady: 1 }));
  });

  test('is zero where prices are zero', () => {
    const free = JSON.parse(
      JSON.stringify(listPrices, (_, value: unknown) => (typeof value === 'number' ? 0 : value)),
    ) as typeof listPrices;
    expect(total(monthlyCost(trafficDefault, shapeDefault, free))).toBe(0);
  });
});

describe('an instance', () => {
  test('is busy a second for each of few calls, nearly always for many, never less than it computes', () => {
    expect(busySeconds(10, 24, 0)).toBeCloseTo(10, 2);
    expect(busySeconds(86_400, 24, 0)).toBeCloseTo(86_400 * (1 - Math.exp(-1)), 6);
    expect(busySeconds(1e9, 24, 0)).toBeCloseTo(86_400, 6);
    expect(busySeconds(1e9, 24, 300_000)).toBe(300_000);
  });
});

describe('make cost', () => {
  test('prints a line for each thing that is billed, and their sum', () => {
    const { status, stdout } = run('--predictions', '1000000');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Functions +executions +[\d,]+ executions +\d+\.\d\d/);
    expect(stdout).toMatch(/all of it +\d+\.\d\d/);
    const items = JSON.parse(run('--idle', '--json').stdout) as CostItem[];
    expect(items.map(({ service }) => service)).toContain('Cosmos DB');
  });

  test.each([
    ['--runs', 'many', '--runs must be a number'],
    ['--hours', '25', '--hours must be a number from 0.1 to 24'],
    ['--prices', 'nowhere.json', '--prices nowhere.json cannot be read'],
    ['--prices', fileURLToPath(new URL('cost/measured.json', import.meta.url)), 'region must be a string'],
    ['--instance-mb', '600', '--instance-mb must be 512, 2048 or 4096'],
    ['--autoscale', '1500', '--autoscale goes by thousands'],
    ['--runz', '1', '--help'],
  ])('says what is wrong with %s %s', (name, value, words) => {
    const { status, stderr } = run(name, value);
    expect(status).toBe(2);
    expect(stderr).toContain(words);
  });
});
