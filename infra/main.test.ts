import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { poisonQueue } from '../scripts/generate/bicep.ts';
import { queues } from '../shared/resources.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');
const main = await read('infra/main.bicep');

/** What a module of main.bicep is given, by name, as it is spelled. */
function given(module: string): Record<string, string> {
  const params =
    new RegExp(`^module ${module} .*?\\bparams: \\{\n(.*?)\n *\\}\n`, 'ms').exec(main)?.[1] ?? '';
  return Object.fromEntries(
    [...params.matchAll(/^ +(\w+): (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** The parameters of main.bicep and their defaults, as they are spelled. */
const parameters = [...main.matchAll(/^param (\w+) \w+(?: = (.+))?$/gm)].map(([, name = '', initial]) => ({
  name,
  initial: initial?.replace(/^'(.*)'$/, '$1'),
}));

describe('of two apps', () => {
  test('each is told the same, but for what it serves', () => {
    const differing = Object.entries(given('settings')).filter(([, value]) => /\bsurfaces\b/.test(value));
    expect(Object.fromEntries(differing)).toEqual({
      appName: "surfaces == 'inference' ? inference.outputs.name : app.outputs.name",
      surfaces: 'surfaces',
    });
  });

  test('each has a package, a network and ready instances of its own, and else the same', () => {
    const [control, inference] = [given('app'), given('inference')];
    const differing = Object.keys(control).filter((name) => control[name] !== inference[name]);
    expect(Object.keys(inference)).toEqual(Object.keys(control));
    expect(differing).toEqual(['suffix', 'service', 'packageContainer', 'alwaysReady', 'subnetId']);
  });
});

describe('the parameters', () => {
  test('come from the environment of azd, with the defaults of the template', async () => {
    const file = JSON.parse(await read('infra/main.parameters.json')) as {
      parameters: Record<string, { value: unknown }>;
    };
    const values = Object.entries(file.parameters).map(([name, { value }]) => {
      const [, initial] = /^\$\{\w+(?:=(.*))?\}$/.exec(String(value)) ?? [];
      return [name, typeof value === 'string' ? initial : JSON.stringify(value)];
    });
    expect(Object.fromEntries(values)).toEqual(
      Object.fromEntries(
        parameters.filter(({ name }) => name !== 'thisMonth').map(({ name, initial }) => [name, initial]),
      ),
    );
  });

  test('stand in docs/deploy.md, each with its variable', async () => {
    const file = await read('infra/main.parameters.json');
    const variables = [...file.matchAll(/"(\w+)": \{ "value": "\$\{(\w+)/g)].map(
      ([, name, variable]) => `${name} ${variable}`,
    );
    const rows = [...(await read('docs/deploy.md')).matchAll(/^\| `(\w+)` +\| `(\w+)`/gm)];
    expect(rows.map(([, name, variable]) => `${name} ${variable}`)).toEqual(variables);
  });
});

describe('what is watched', async () => {
  const queries: string[] = [];
  for await (const path of glob('infra/queries/*.kql', { cwd: root })) queries.push(path);
  const texts = await Promise.all(queries.map(read));
  const workbook = JSON.parse(await read('infra/workbook.json')) as {
    items: { type: number; content: { query?: string } }[];
  };
  const asked = [...texts, ...workbook.items.flatMap(({ content }) => content.query ?? [])];

  test('is asked by rules, all of it', async () => {
    const rules = await read('infra/modules/log-alerts.bicep');
    const loaded = [...rules.matchAll(/loadTextContent\('\.\.\/(.+)'\)/g)].map(([, path]) => `infra/${path}`);
    expect(loaded).toEqual(queries.toSorted());
    expect(texts.every((text) => /^\/\/ [A-Z]/.test(text))).toBe(true);
  });

  test('is asked of tables that something writes to', async () => {
    const diagnostics = await read('infra/modules/diagnostics.bicep');
    const logged = (symbol: string) =>
      new RegExp(`scope: ${symbol}\n.*?logs: \\[\n(.*?)\n +\\]`, 's').exec(diagnostics)?.[1] ?? '';
    // What a query asks of each table of a resource, and what that resource must log for it.
    const writers: Readonly<Record<string, boolean>> = {
      AppRequests: true,
      AppExceptions: true,
      Usage: true,
      StorageQueueLogs: /StorageWrite[^]*StorageDelete/.test(logged('queues')),
      StorageBlobLogs: /StorageRead[^]*StorageWrite/.test(logged('blobs')),
      AZKVAuditLogs: /AuditEvent/.test(logged('vault')),
    };
    const tables = asked.flatMap((query) =>
      [...query.replaceAll(/^\/\/.*$/gm, '').matchAll(/(?:^|\()\s*([A-Z]\w+)\s*\|/gm)].map(
        ([, table = '']) => table,
      ),
    );
    expect(new Set(tables)).toEqual(new Set(Object.keys(writers)));
    expect(Object.values(writers)).not.toContain(false);
  });

  test('is named as the code names it', async () => {
    const functions = await read('functions/main.ts');
    const [named] = asked.flatMap((query) => /OperationName == '(\w+)' \| project/.exec(query)?.[1] ?? []);
    expect(functions).toContain(`app.timer('${named}'`);
    expect(asked.some((query) => query.includes(`.${named}/status`))).toBe(true);
    expect(queues.every((queue) => `/${poisonQueue(queue)}/messages`.includes('-poison/'))).toBe(true);
  });

  test('is shown of resources that the page is told of', async () => {
    const page = await read('infra/workbook.json');
    const module = await read('infra/modules/workbook.bicep');
    const places = (text: string) => new Set(text.match(/@@\w+@@/g));
    expect(places(page)).toEqual(places(module));
  });
});
