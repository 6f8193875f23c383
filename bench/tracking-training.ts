/** What a team's trainings ask of the platform all day: many runs, each logging a few metrics every few seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './tracking-load.ts';

export type Training = { readonly calls: number; readonly errors: number; readonly seconds: number };

const runs = 100;
const everySeconds = 5;
const metricsPerCall = 10;

/** Begins the runs spread over one interval, logs until the time is over, and ends them. */
export async function train(target: Target, experimentId: string, seconds: number): Promise<Training> {
  let calls = 0;
  let errors = 0;
  const call = async (path: string, body: unknown): Promise<string> => {
    calls++;
    const answer = await target
      .send({ method: 'POST', path: `/api/2.0/mlflow/${path}`, body })
      .catch(() => ({ status: 0, text: '' }));
    if (answer.status !== 200) errors++;
    return answer.text;
  };
  const started = performance.now();
  const end = started + seconds * 1000;
  const one = async (run: number) => {
    await sleep((run / runs) * everySeconds * 1000);
    const made = await call('runs/create', { experiment_id: experimentId, run_name: `training ${run}` });
    const runId = /"run_id": ?"([^"]+)"/.exec(made)?.[1];
    for (let step = 0; performance.now() < end; step++) {
      const next = performance.now() + everySeconds * 1000;
      const metrics = Array.from({ length: metricsPerCall }, (_, n) => ({
        key: `metric ${n}`,
        value: 1 / (step + n + 1),
        timestamp: Date.now(),
        step,
      }));
      await call('runs/log-batch', { run_id: runId, metrics });
      await sleep(Math.max(0, Math.min(next, end) - performance.now()));
    }
    await call('runs/update', { run_id: runId, status: 'FINISHED', end_time: Date.now() });
  };
  await Promise.all(Array.from({ length: runs }, (_, run) => one(run)));
  return { calls, errors, seconds: (performance.now() - started) / 1000 };
}
