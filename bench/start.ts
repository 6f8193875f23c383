import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.ts';
import type { BenchRow } from './report.ts';

const times = 7;

/** How long a new process takes to load the bundle, without onnxruntime, which comes with the first model. */
export async function benchStart(): Promise<BenchRow[]> {
  await build();
  const bundle = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));
  const script = `const t = performance.now(); require(${JSON.stringify(bundle)}); console.log(performance.now() - t)`;
  const nothing = 'const t = performance.now(); require("node:http"); console.log(performance.now() - t)';
  return [
    { name: 'cold import of the bundle, median', value: median(script), unit: 'ms', budget: { max: 250 } },
    { name: 'import of node:http in the same way, median', value: median(nothing), unit: 'ms' },
  ];
}

function median(script: string): number {
  const measured = Array.from({ length: times }, () => {
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    return Number(stdout.trim().split('\n').at(-1));
  });
  return measured.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN;
}

if (import.meta.main) for (const row of await benchStart()) process.stdout.write(`${JSON.stringify(row)}\n`);
