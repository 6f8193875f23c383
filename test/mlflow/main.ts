import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linearClassifier } from '../../shared/onnx/index.ts';
import { startedStack } from '../support/stack.ts';

/** `make test-mlflow`: the scenarios of `scenarios.py` with the real client against a whole stack. */
const folder = await mkdtemp(join(tmpdir(), 'cairn-mlflow-'));
const model = join(folder, 'model.onnx');
await writeFile(
  model,
  linearClassifier({
    features: ['a', 'b'],
    labels: ['no', 'yes'],
    coefficients: [1, 2, -1, -2],
    intercepts: [0, 0.5],
  }),
);
const stack = await startedStack();
try {
  const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
  const scenarios = fileURLToPath(new URL('scenarios.py', import.meta.url));
  const { status, error } = spawnSync(python, [scenarios, ...process.argv.slice(2)], {
    cwd: folder,
    stdio: 'inherit',
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: stack.url,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
      CAIRN_TEST_MODEL: model,
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
    },
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
} finally {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}
