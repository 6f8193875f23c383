import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Everything a change must satisfy without running it, cheapest first. */
const checks: readonly (readonly [name: string, ...command: string[]])[] = [
  ['generated files', 'node', 'scripts/generate.ts', '--check'],
  ['formatting', 'biome', 'format', '.'],
  ['lint and import arrows', 'oxlint', '--type-aware', '--deny-warnings'],
  ['types', 'tsc', '-p', '.'],
  ['unused code and dependencies', 'knip'],
  ['infrastructure', 'node', 'infra/check/main.ts'],
];

let failed = 0;
for (const [name, command, ...args] of checks) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command ?? '', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env['PATH']}` },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  // What could not be looked at is said also where the rest is well.
  for (const line of stdout.split('\n'))
    if (line.startsWith('NOT CHECKED')) process.stdout.write(`       ${line}\n`);
  if (status === 0) continue;
  failed++;
  process.stdout.write(`${stdout ?? ''}${stderr ?? ''}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
