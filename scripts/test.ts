import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where more files than these fail, the change is to blame, not the machine. */
const triedAgainAtMost = 3;

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'cairn-test-'));
const results = join(folder, 'results.json');

function vitest(...files: string[]): number {
  const { status } = spawnSync(
    'node_modules/.bin/vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...args, ...files],
    { stdio: 'inherit' },
  );
  return status ?? 1;
}

/** The files with a failed test; none where what failed is not a file's. */
function failedFiles(): string[] {
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as {
    testResults: { name: string; status: string }[];
  };
  return testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

/**
 * Runs the tests. In CI a file that fails runs once more, by itself: a machine that others use, too, may make a
 * test late. What passes only then is named last, since it is a fault all the same, of the test or of what it tests.
 */
function run(): number {
  const status = vitest();
  if (status === 0 || !process.env['CI']) return status;
  const files = failedFiles();
  if (files.length === 0 || files.length > triedAgainAtMost) return status;
  process.stdout.write(`\nTrying again, by themselves:\n  ${files.join('\n  ')}\n`);
  const again = vitest('--maxWorkers=1', ...files);
  if (again === 0)
    process.stdout.write(`\nPASSED ONLY WHEN TRIED AGAIN, to be mended:\n  ${files.join('\n  ')}\n`);
  return again;
}

try {
  process.exitCode = run();
} finally {
  rmSync(folder, { recursive: true });
}
