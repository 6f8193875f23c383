import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { mlflowPython } from '../test/mlflow/server.ts';
import { inputOf } from './batch-inputs.ts';

/** One thread each, whatever the libraries would take. */
const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** What a script of pandas and onnxruntime does with the same rows; `undefined` where they are not installed. */
export async function pandasRate(
  model: Uint8Array,
  rows: number,
): Promise<{ readonly rowsPerSecond: number; readonly peakMb: number } | undefined> {
  const python = mlflowPython('3');
  if (python === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'cairn-pandas-'));
  const [file, source, target] = ['model.onnx', 'in.csv', 'out.csv'].map((name) => join(folder, name));
  try {
    await writeFile(file, model);
    await pipeline(inputOf('csv', rows), createWriteStream(source));
    const script = fileURLToPath(new URL('batch_pandas.py', import.meta.url));
    const { status, stdout, stderr } = spawnSync(python, [script, file, source, target], {
      env: { ...process.env, ...oneThread, PYTHONDONTWRITEBYTECODE: '1' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The script of pandas failed:\n${stderr}`);
    const measured = JSON.parse(stdout) as { rows: number; coreSeconds: number; peakMb: number };
    return { rowsPerSecond: measured.rows / measured.coreSeconds, peakMb: measured.peakMb };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
