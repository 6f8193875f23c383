import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Parameters = { parameters: Record<string, { value: unknown }> };
type Job = { if: string; environment: string; permissions: Record<string, string>; steps: Step[] };
const text = await readFile(new URL('../.github/workflows/azure-dev.yml', import.meta.url), 'utf8');
const workflow = parse(text) as {
  on: Record<string, unknown>;
  permissions: object;
  jobs: Record<string, Job>;
};
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);

test('signs in by federation alone, with the least rights', () => {
  expect(text).not.toContain('secrets.');
  expect(workflow.permissions).toEqual({});
  for (const job of jobs) {
    expect(job.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(
      job.steps.filter(({ run }) => run?.includes('--federated-credential-provider github')),
    ).toHaveLength(1);
  }
});

test('pins what others wrote, and leaves no credential of the repository behind', () => {
  const used = steps.flatMap(({ uses }) => uses ?? []);
  expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
  expect(checkouts.map((step) => step.with)).toEqual(jobs.map(() => ({ 'persist-credentials': false })));
});

test('puts nothing that others write into a script', () => {
  expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
});

test('changes Azure from main alone, and a pull request, not of a fork, is told what it would change', () => {
  const changes = (job: Job | undefined) =>
    job?.steps
      .flatMap(({ run }) => run?.match(/azd (?:provision|deploy|up|down)[^;&|\n]*/g) ?? [])
      .map((run) => run.trim());
  const { preview, deploy } = workflow.jobs;
  const told = preview?.steps.map(({ run }) => /preflight\.ts|--preview/.exec(run ?? '')?.[0]);
  expect(told?.filter(Boolean)).toEqual(['preflight.ts', '--preview']);
  expect(Object.keys(workflow.on)).toEqual(['push', 'pull_request']);
  expect(changes(preview)).toEqual(['azd provision --preview --no-prompt']);
  expect(changes(deploy)).toEqual(['azd provision --no-prompt', 'azd deploy --no-prompt']);
  expect(deploy?.if).toContain("github.event_name == 'push'");
  expect(preview?.if).toContain('head.repo.full_name == github.repository');
  expect([preview?.environment, deploy?.environment]).toEqual(['preview', 'production']);
});

test('azd deploys the second app where the parameter that makes it says so', async () => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
  const azure = parse(await read('../azure.yaml')) as { services: Record<string, { condition?: string }> };
  const { apps } = (JSON.parse(await read('main.parameters.json')) as Parameters).parameters;
  // azd replaces by github.com/drone/envsubst, and deploys where `true` comes out.
  const [, variable, from = '', to = ''] =
    /^\$\{(\w+)\/(\w+)\/(\w+)\}$/.exec(azure.services['inference']?.condition ?? '') ?? [];
  expect(apps?.value).toBe(`\${${variable}=one}`);
  expect(['', 'one', 'two'].map((value) => value.replace(from, to))).toEqual(['', 'one', 'true']);
  expect(azure.services['app']?.condition).toBeUndefined();
});
