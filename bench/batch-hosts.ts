/** Whole batch jobs on hosts as they run in Azure: processes of their own that take their work from the queues. */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { getJob, submitJob } from '../shared/batch/index.ts';
import { isOver } from '../shared/batch/job.ts';
import type { Context } from '../shared/context.ts';
import { openContext } from '../test/support/context.ts';
import { type RunningHosts, startedHosts } from '../test/support/hosts.ts';
import { serve } from './serving-stack.ts';

/** Of one job: from when it was asked for until its output was in place. */
export type MeasuredJob = {
  readonly rows: number;
  readonly seconds: number;
  /** On a processor, of all hosts together. */
  readonly coreSeconds: number;
  /** Of the host that took the most memory, since it began. */
  readonly peakMb: number;
};

export type BatchHosts = {
  upload(name: string, data: Readable): Promise<void>;
  deploy(name: string, model: Uint8Array): Promise<void>;
  /** Runs a job on so many hosts, each of which has done nothing else yet. */
  run(endpoint: string, input: string, workers?: number): Promise<MeasuredJob>;
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
};

const pollMilliseconds = 100;

/** Starts at most so many hosts, with stores of their own. */
export async function batchHosts(most: number, { isOnDisk = false } = {}): Promise<BatchHosts> {
  const hosts = await startedHosts(most, {}, { isOnDisk });
  const ctx = await openContext({ ...process.env, ...hosts.env });
  const [url = ''] = hosts.urls;
  let jobs = 0;
  return {
    upload: (name, data) => ctx.stores.blobs('batch-input').writeStream(name, data),
    deploy: (name, model) => serve(url, name, model),
    async run(endpoint, name, workers = 1) {
      for (let host = 0; host < most; host++) await hosts.kill(host);
      for (let host = 0; host < workers; host++) await hosts.restart(host);
      const before = await usageOf(hosts, workers);
      const since = performance.now();
      const input = { container: 'batch-input', name, isPrefix: false } as const;
      const { job } = await submitJob(ctx, { endpoint, input, key: String(++jobs) });
      const ended = await ending(ctx, job.jobId);
      const seconds = (performance.now() - since) / 1000;
      const after = await usageOf(hosts, workers);
      if (ended.status !== 'succeeded') throw new Error(`The job has ${JSON.stringify(ended)}`);
      await ctx.stores.blobs('batch-output').remove(ended.output.name);
      const { rows } = ended.totals;
      return { rows, seconds, coreSeconds: after.coreSeconds - before.coreSeconds, peakMb: after.peakMb };
    },
    remove: (name) => ctx.stores.blobs('batch-input').remove(name),
    async stop() {
      await hosts.stop();
      await ctx.stores.close();
    },
  };
}

async function ending(ctx: Context, jobId: string) {
  for (;;) {
    const { job } = await getJob(ctx, jobId);
    if (isOver(job)) return job;
    await sleep(pollMilliseconds);
  }
}

/** What Linux says of processes, their threads included. */
async function usageOf(hosts: RunningHosts, count: number) {
  let coreSeconds = 0;
  let peakMb = 0;
  for (let host = 0; host < count; host++) {
    const folder = `/proc/${hosts.pid(host)}`;
    const stat = await readFile(`${folder}/stat`, 'utf8');
    const status = await readFile(`${folder}/status`, 'utf8');
    // The name of the program, in brackets, may have spaces. User and system time are fields 14 and 15, in hundredths.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    coreSeconds += (Number(fields[11]) + Number(fields[12])) / 100;
    const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    peakMb = Math.max(peakMb, Number(kilobytes) / 1024);
  }
  return { coreSeconds, peakMb };
}
