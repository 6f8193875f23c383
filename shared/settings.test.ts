import { describe, expect, test } from 'vitest';
import { readSettings, SettingsError } from './settings.ts';

const local = { AzureWebJobsStorage: 'UseDevelopmentStorage=true', CAIRN_COSMOS_TRANSPORT: '/transport.ts' };

function problems(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('settings', () => {
  test('the least that a local run needs is enough, and access is on by default', () => {
    expect(readSettings(local)).toMatchObject({ auth: 'on', surfaces: 'all', cosmos: { by: 'transport' } });
  });

  test('everything that is wrong is said at once', () => {
    const found = problems({
      CAIRN_AUTH: 'maybe',
      CAIRN_SURFACES: 'some',
      CAIRN_EXECUTORS: '[1]',
      CAIRN_CONVERTER: '{}',
      CAIRN_SESSION_CACHE_MB_MAX: '0',
    });
    for (const name of [
      'CAIRN_AUTH',
      'CAIRN_SURFACES',
      'CAIRN_EXECUTORS',
      'CAIRN_CONVERTER',
      'CAIRN_SESSION_CACHE_MB_MAX',
      'AzureWebJobsStorage',
      'COSMOS_ENDPOINT',
    ])
      expect(found.join('\n')).toContain(name);
  });

  test.each([
    ['a vault without TLS', { CAIRN_KEY_VAULT_URL: 'http://vault.example' }],
    ['key files', { CAIRN_KEYS_FOLDER: '/keys' }],
    ['an open door', { CAIRN_AUTH: 'off' }],
    ['a local transport', { CAIRN_COSMOS_TRANSPORT: '/transport.ts' }],
    ['an account key', { COSMOS_KEY: 'a2V5' }],
    ['a converter on this machine', { CAIRN_CONVERTER: '["python", "convert.py"]' }],
    ['commands to run', { CAIRN_EXECUTORS: '{"train":["node","train.js"]}' }],
  ])('Azure refuses %s', (_, setting: Record<string, string>) => {
    const azure = {
      WEBSITE_INSTANCE_ID: 'i1',
      AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
      AzureWebJobsStorage__queueServiceUri: 'https://account.queue.core.windows.net',
      COSMOS_ENDPOINT: 'https://account.documents.azure.com',
    };
    expect(problems(azure)).toEqual([]);
    expect(problems({ ...azure, ...setting }).join()).toContain(Object.keys(setting)[0]);
  });

  test('an OpenLineage backend is told where one is set, with a key that no error shows', () => {
    const backend = { CAIRN_OPENLINEAGE_URL: 'http://10.0.0.1:5000', CAIRN_OPENLINEAGE_KEY: 'the-key' };
    expect(readSettings(local).openLineage).toBeUndefined();
    expect(readSettings({ ...local, CAIRN_OPENLINEAGE_KEY: 'the-key' }).openLineage).toBeUndefined();
    expect(readSettings({ ...local, ...backend }).openLineage).toEqual({
      url: 'http://10.0.0.1:5000',
      key: 'the-key',
    });
    expect(problems({ ...local, ...backend, CAIRN_OPENLINEAGE_KEY_SECRET: 'a' }).join()).toContain(
      'KEY_SECRET',
    );
    const found = problems({ ...local, ...backend, CAIRN_OPENLINEAGE_URL: 'marquez' }).join();
    expect(found).toContain('CAIRN_OPENLINEAGE_URL');
    expect(found).not.toContain('the-key');
  });

  test('models are converted by a command, by a job, or not at all', () => {
    const job = '/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/convert';
    expect(readSettings(local).converter).toBeUndefined();
    expect(readSettings({ ...local, CAIRN_CONVERTER: '["python"]' }).converter).toEqual({
      by: 'command',
      command: ['python'],
    });
    expect(readSettings({ ...local, CAIRN_CONVERTER_JOB: job }).converter).toEqual({
      by: 'container-job',
      resourceId: job,
    });
    expect(problems({ ...local, CAIRN_CONVERTER_JOB: 'convert' }).join()).toContain('CAIRN_CONVERTER_JOB');
  });
});
