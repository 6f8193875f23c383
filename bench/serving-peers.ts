/** Other servers with the same ONNX models behind them: MLflow's scoring server and MLServer, as they ship. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mlflowPython } from '../test/mlflow/server.ts';
import { freePort } from '../test/support/stack.ts';

/** They load much before they answer, which takes long on a busy machine. */
const startSecondsMax = 180;

export type Peer = { readonly url: string; stop(): Promise<void> };

/** The Pythons of those that are installed. */
export function installedPeers(): {
  readonly mlflow: string | undefined;
  readonly mlserver: string | undefined;
} {
  const own = fileURLToPath(new URL('../.venv/mlserver/bin/python', import.meta.url));
  return { mlflow: mlflowPython('3'), mlserver: existsSync(own) ? own : undefined };
}

/** `mlflow models serve` of one model, saved by `mlflow.onnx` with the signature of its tensors. */
export async function mlflowScoring(python: string, folder: string, model: Uint8Array): Promise<Peer> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), model);
  const save = `
import mlflow.onnx, numpy as np, onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
model = onnx.load("model.onnx")
width = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
inputs = Schema([TensorSpec(np.dtype("float32"), (-1, width), model.graph.input[0].name)])
mlflow.onnx.save_model(model, "model", signature=ModelSignature(inputs), pip_requirements=["onnxruntime"])
`;
  const saved = spawnSync(python, ['-W', 'ignore', '-c', save], {
    cwd: folder,
    env: environment(python),
    encoding: 'utf8',
  });
  if (saved.status !== 0) throw new Error(`MLflow did not save the model:\n${saved.stderr}`);
  const port = await freePort();
  const args = [
    ...['-m', 'mlflow', 'models', 'serve', '--model-uri', 'model', '--env-manager', 'local'],
    ...['--host', '127.0.0.1', '--port', String(port)],
  ];
  return started(python, args, folder, `http://127.0.0.1:${port}`, '/ping');
}

/** MLServer with models by name. Inference in the server's own process, which is its faster way for small models. */
export async function mlserver(
  python: string,
  folder: string,
  models: Readonly<Record<string, Uint8Array>>,
): Promise<Peer> {
  const [port, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  await mkdir(folder, { recursive: true });
  const settings = {
    host: '127.0.0.1',
    http_port: port,
    grpc_port: grpcPort,
    metrics_port: metricsPort,
    parallel_workers: 0,
    debug: false,
  };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  for (const [name, model] of Object.entries(models)) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'model.onnx'), model);
    await writeFile(
      join(folder, name, 'model-settings.json'),
      JSON.stringify({
        name,
        implementation: 'serving_mlserver.OnnxModel',
        parameters: { uri: join(folder, name, 'model.onnx') },
      }),
    );
  }
  const args = ['-c', 'from mlserver.cli import main; main()', 'start', folder];
  return started(python, args, folder, `http://127.0.0.1:${port}`, '/v2/health/ready');
}

/** MLflow looks for the programs that it starts where the shell does. */
function environment(python: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [dirname(python), process.env['PATH']].join(delimiter),
    PYTHONPATH: fileURLToPath(new URL('.', import.meta.url)),
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  };
}

/** Runs a server until it is stopped, with whatever processes it starts; answers once it is ready. */
async function started(
  python: string,
  args: readonly string[],
  cwd: string,
  url: string,
  readyPath: string,
): Promise<Peer> {
  const child = spawn(python, args, {
    cwd,
    env: environment(python),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      if (output.length < 200) output.push(chunk);
    });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const killAll = () => isRunning() && process.kill(-(child.pid ?? 0), 'SIGKILL');
  process.once('exit', killAll);
  const stop = async () => {
    if (isRunning()) {
      const ended = once(child, 'exit');
      killAll();
      await ended;
    }
    process.off('exit', killAll);
  };
  for (const deadline = Date.now() + startSecondsMax * 1000; Date.now() < deadline && isRunning(); ) {
    const response = await fetch(url + readyPath).catch(() => undefined);
    if (response?.ok) return { url, stop };
    await sleep(200);
  }
  await stop();
  throw new Error(`It did not start: ${args.join(' ')}\n${Buffer.concat(output).toString()}`);
}
