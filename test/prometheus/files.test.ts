import { describe, expect, test } from 'vitest';
import { families, type FamilyName, sampleNames } from '../../shared/exposition/index.ts';
import { dashboardQueries, dashboardVariables, read } from './files.ts';

const known = new Set(Object.keys(families).flatMap((name) => sampleNames(name as FamilyName)));
const namesIn = (text: string) => text.match(/\bcairn_\w+/g) ?? [];

type Rules = { groups: { rules: { alert: string; expr: string; annotations: object }[] }[] };

describe('what ships for Prometheus and Grafana', () => {
  test('asks only for metrics that are told', async () => {
    const queries = await dashboardQueries();
    expect(queries.length).toBeGreaterThan(30);
    const { groups } = (await read('cairn-rules.yml')) as Rules;
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    const texts = [
      ...queries.map(({ query }) => query),
      ...(await dashboardVariables()),
      ...rules.map(({ expr }) => expr),
      JSON.stringify(await read('cairn-rules-test.yml')),
    ];
    const asked = texts.flatMap(namesIn).filter((name) => name !== 'cairn_rules');
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    // What is told and shown nowhere is told for nothing.
    const shown = new Set(asked.map((name) => name.replace(/_(total|info|bucket|sum|count)$/, '')));
    expect(Object.keys(families).filter((name) => !shown.has(name))).toEqual([
      'cairn_exposition_timestamp_seconds',
    ]);
  });

  test('has a test for each rule', async () => {
    const { groups } = (await read('cairn-rules.yml')) as Rules;
    const tests = JSON.stringify(await read('cairn-rules-test.yml'));
    const untested = groups
      .flatMap(({ rules }) => rules)
      .filter(({ alert }) => !tests.includes(`"alertname":"${alert}","exp_alerts"`));
    expect(untested.map(({ alert }) => alert)).toEqual([]);
  });

  test('has panels of which each has a title of its own, a text, and queries for the data source that is chosen', async () => {
    const { panels } = (await read('grafana-dashboard.json')) as {
      panels: {
        id: number;
        type: string;
        title: string;
        description?: string;
        targets?: { datasource: { uid: string } }[];
      }[];
    };
    const shown = panels.filter(({ type }) => type !== 'row');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    expect(
      shown.filter(({ description = '', targets = [] }) => !description || targets.length === 0),
    ).toEqual([]);
    const sources = shown.flatMap(({ targets = [] }) => targets.map(({ datasource }) => datasource.uid));
    expect([...new Set(sources)]).toEqual(['${source}']);
  });
});
