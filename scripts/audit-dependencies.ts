/**
 * `make audit-dependencies`: what the lockfile lets in. Known vulnerabilities are asked of the registry; one that
 * answers no such questions is named, and what can be told without it is checked all the same.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { advisoriesIn, type Lockfile, problemsOf } from './audit-dependencies/lockfile.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const lockfile = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as Lockfile;

const problems = problemsOf(lockfile);
const { stdout } = spawnSync('npm', ['audit', '--json', '--omit=dev'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const advisories = advisoriesIn(stdout);
if (advisories === undefined)
  say(
    'KNOWN VULNERABILITIES WERE NOT CHECKED: the registry in use answers no audit. Run this where it does.',
  );
else problems.push(...advisories.grave);

for (const problem of problems) say(problem);
const packages = Object.keys(lockfile.packages).length - 1;
const known =
  advisories === undefined ? 'vulnerabilities unknown' : `${advisories.mild} advisories below high`;
say(`dependencies: ${packages} packages, ${problems.length} problems, ${known}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
