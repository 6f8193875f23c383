import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { generated, staleFiles, writeStale } from '../scripts/generate.ts';
import { literal, symbol } from '../scripts/generate/literal.ts';
import { readSettings } from '../shared/settings.ts';
import { readTemplate } from './check/template.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('generated files', () => {
  test('are current', async () => {
    expect(await staleFiles(root)).toEqual([]);
  });

  test('that are missing or changed are named, and written again', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'cairn-generate-'));
    try {
      const [changed = '', missing = '', ...current] = Object.keys(generated);
      for (const path of [changed, ...current]) await cp(join(root, path), join(copy, path));
      await writeFile(join(copy, changed), 'by hand');
      expect(await staleFiles(copy)).toEqual([changed, missing]);
      expect(await writeStale(copy)).toEqual([changed, missing]);
      expect(await staleFiles(copy)).toEqual([]);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  test('give local settings that the app accepts', () => {
    const { Values } = JSON.parse(generated['local.settings.sample.json']?.() ?? '') as {
      Values: Record<string, string>;
    };
    expect(readSettings(Values)).toMatchObject({
      storage: { by: 'connection-string', connectionString: 'UseDevelopmentStorage=true' },
      cosmos: { by: 'transport', module: 'local/cosmos/transport.ts' },
      auth: 'off',
    });
  });
});

describe('Bicep literals', () => {
  test('come back from the parser as they went in', async () => {
    const texts = ["it's", 'a\\b', '${x}', 'two\nlines', ''];
    const template = await readTemplate('texts.bicep', `var texts = ${literal(texts)}\n`);
    expect(template.syntaxErrors).toEqual([]);
    expect(template.variables[0]?.value).toMatchObject({
      items: texts.map((text) => ({ kind: 'string', text })),
    });
  });

  test.each([
    ['batch-input', 'batchInput'],
    ['COSMOS_ENDPOINT', 'cosmosEndpoint'],
    ['AzureWebJobsStorage__clientId', 'azureWebJobsStorageClientId'],
  ])('%s becomes the symbol %s', (name, expected) => {
    expect(symbol(name)).toBe(expected);
  });
});
