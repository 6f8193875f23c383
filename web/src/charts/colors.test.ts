import { describe, expect, test } from 'vitest';
import { colorOf, inksOf, rampColor } from './colors.ts';

const ids = Array.from({ length: 100 }, (_, at) => `${at}f00d${at * 7919}`);

describe('inksOf', () => {
  test('a hundred runs differ in colour or dash, the first dozen in hue', () => {
    const inks = [...inksOf(ids).values()];
    expect(new Set(inks.map(({ index }) => index)).size).toBe(100);
    expect(new Set(inks.map((ink) => `${colorOf(ink, 'light')} ${ink.dash.join()}`)).size).toBe(100);
    const dozen = [...inksOf(ids.slice(0, 12)).values()];
    expect(new Set(dozen.map(({ index }) => index % 12)).size).toBe(12);
    expect(dozen.every(({ dash }) => dash.length === 0)).toBe(true);
  });

  test('does not depend on the order of the runs', () => {
    expect(inksOf(ids.toReversed())).toEqual(inksOf(ids));
  });

  test('a run alone has the hue that it has among a few others', () => {
    const few = inksOf(ids.slice(0, 3));
    const kept = ids.slice(0, 3).filter((id) => inksOf([id]).get(id)?.index === few.get(id)?.index);
    expect(kept.length).toBeGreaterThanOrEqual(2);
  });

  test('more runs than inks begin again rather than fail', () => {
    const many = Array.from({ length: 300 }, (_, at) => `r${at}`);
    expect(inksOf(many).size).toBe(300);
  });
});

test('colours differ by theme and by share', () => {
  const ink = { index: 0, dash: [] };
  expect(colorOf(ink, 'light')).not.toBe(colorOf(ink, 'dark'));
  expect(rampColor(0, 'light')).toBe('oklch(0.380 0.14 290)');
  expect(rampColor(2, 'dark')).toBe(rampColor(1, 'dark'));
});
