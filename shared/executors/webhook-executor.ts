import type { Context } from '../context.ts';
import type { WebhookSetting } from '../executor-settings.ts';
import { exchange } from '../outbound/index.ts';
import { excerpt, redacted } from '../redaction/index.ts';
import { deliveryHeaders } from '../webhooks/index.ts';
import type { Execution, Executor, Task } from './executor.ts';
import { type Recorder, recordsOf } from './records.ts';

/** `sent` once the receiver has taken it, or was heard of; it is then dated by the last that was heard. */
type Run =
  | { readonly state: 'sending'; readonly tries: number }
  | { readonly state: 'waiting'; readonly until: number; readonly tries: number }
  | { readonly state: 'sent' }
  | Extract<Execution, { state: 'succeeded' | 'failed' | 'lost' }>;
const records = recordsOf<Run>('webhook');

const millisecondsMax = 15_000;
/** Somebody who has been sending for longer has died. */
const sendingSecondsMax = 60;
const triesMax = 6;
const firstWaitSeconds = 15;
const waitSecondsMax = 900;
const logCharsMax = 4096;

/**
 * Posts a task to a receiver, signed as webhooks are, under one delivery id however often it has to be sent: 2xx takes
 * it, 408, 429, 5xx and silence are tried again (`Retry-After` in seconds is heeded), any other answer ends it. The
 * receiver then calls back: see {@link hear}.
 */
export function webhookExecutor(setting: WebhookSetting): Executor {
  const send = async (ctx: Context, task: Task, record: Recorder<Run>, tries: number): Promise<void> => {
    const failed = (reason: string) => record({ state: 'failed', reason, log: '' });
    const answer = await posted(ctx, setting, task);
    if (answer.outcome === 'forbidden') return void (await failed(`The receiver: ${answer.reason}`));
    const status = answer.outcome === 'answered' ? answer.status : 0;
    if (status >= 200 && status < 300) return void (await record({ state: 'sent' }));
    const reason =
      answer.outcome === 'answered'
        ? `The receiver answered ${status}: ${redacted(excerpt(answer.bytes.toString('utf8'), 300)).text}`
        : `The receiver: ${answer.reason}`;
    const isFinal = status >= 300 && status < 500 && status !== 408 && status !== 429;
    if (isFinal || tries >= triesMax) return void (await failed(reason));
    const asked =
      answer.outcome === 'answered' ? Number(answer.headers['retry-after'] ?? Number.NaN) : Number.NaN;
    const seconds = Number.isNaN(asked) ? firstWaitSeconds * 2 ** (tries - 1) : asked;
    const until = ctx.clock.now() + Math.min(Math.max(seconds, 1), waitSecondsMax) * 1000;
    await record({ state: 'waiting', until, tries });
  };

  return {
    signsIn: 'token',

    async start(ctx, task) {
      const fresh = await records.create(ctx, task, { state: 'sending', tries: 1 });
      if (fresh) return send(ctx, task, fresh, 1);
      const known = await records.read(ctx, task);
      if (!known || !isDue(ctx, known) || !('tries' in known.run)) return;
      const tries = known.run.tries + 1;
      if (await known.record({ state: 'sending', tries })) await send(ctx, task, known.record, tries);
    },

    async poll(ctx, task) {
      const known = await records.read(ctx, task);
      if (!known) return { state: 'absent' };
      switch (known.run.state) {
        case 'waiting':
        case 'sending':
          return { state: isDue(ctx, known) ? 'absent' : 'running' };
        case 'sent':
          if (ctx.clock.now() - known.at < setting.heartbeatSeconds * 1000) return { state: 'running' };
          return (await known.record({ state: 'lost' })) ? { state: 'lost' } : { state: 'running' };
        case 'succeeded':
        case 'failed':
        case 'lost':
          return known.run;
      }
    },

    async cancel(ctx, task) {
      const known = await records.read(ctx, task);
      // The receiver learns of it by the answer to its next call.
      if (known && isUnderWay(known.run))
        await known.record({ state: 'failed', reason: 'It was cancelled.', log: '' });
    },
  };
}

/** What a receiver reports of a task that has ended. */
export type Report =
  | { readonly status: 'succeeded'; readonly version?: number | undefined; readonly log?: string | undefined }
  | { readonly status: 'failed'; readonly reason?: string | undefined; readonly log?: string | undefined };

/**
 * Notes that a task was heard of, or how it ended; the first report counts. `over` where nobody waits for it any more.
 */
export async function hear(
  ctx: Context,
  task: Pick<Task, 'jobId' | 'attempt'> & Task,
  report?: Report,
): Promise<'heard' | 'over'> {
  for (;;) {
    const known = await records.read(ctx, task);
    if (!known || !isUnderWay(known.run)) return 'over';
    if (await known.record(report ? endOf(report) : { state: 'sent' })) break;
  }
  if (report) await ctx.stores.queues.send(ctx, 'work', task.whenEnded);
  return 'heard';
}

function endOf(report: Report): Run {
  const log = (report.log ?? '').slice(-logCharsMax);
  if (report.status === 'failed')
    return { state: 'failed', reason: redacted(report.reason ?? 'It reported that it failed.').text, log };
  const lastLine = report.version === undefined ? null : JSON.stringify({ model_version: report.version });
  return { state: 'succeeded', lastLine, log };
}

function isUnderWay({ state }: Run): boolean {
  return state === 'sending' || state === 'waiting' || state === 'sent';
}

function isDue(ctx: Context, { run, at }: { readonly run: Run; readonly at: number }): boolean {
  const now = ctx.clock.now();
  return run.state === 'waiting'
    ? now >= run.until
    : run.state === 'sending' && now - at >= sendingSecondsMax * 1000;
}

async function posted(ctx: Context, setting: WebhookSetting, task: Task) {
  const secret = setting.secret === undefined ? undefined : await secretOf(ctx, setting.secret);
  if (secret && 'reason' in secret) return { outcome: 'unreachable', reason: secret.reason } as const;
  const { publicUrl } = ctx.settings;
  const at = `${publicUrl.replace(/\/+$/, '')}/api/v1/retraining-jobs/${encodeURIComponent(task.jobId)}`;
  const { MLFLOW_TRACKING_TOKEN: token } = task.environment;
  const text = JSON.stringify({
    ...task.facts,
    attempt: task.attempt,
    tracking_uri: publicUrl,
    ...(token === undefined ? {} : { token }),
    heartbeat_url: `${at}/heartbeat`,
    report_url: `${at}/report`,
    heartbeat_seconds: setting.heartbeatSeconds,
    seconds_max: task.secondsMax,
  });
  const deliveryId = `${task.jobId}/${task.attempt}`;
  return exchange({
    url: setting.url,
    name: 'Executor URL',
    bytes: Buffer.from(text),
    headers: deliveryHeaders({ deliveryId, at: ctx.clock.now(), text, secret: secret?.text }),
    targets: ctx.settings.webhookTargets,
    millisecondsMax,
    answerBytesMax: 4096,
  });
}

async function secretOf(
  { stores: { secrets } }: Context,
  name: string,
): Promise<{ readonly text: string } | { readonly reason: string }> {
  try {
    return secrets
      ? { text: await secrets.read(name) }
      : { reason: `secret '${name}' cannot be read: set CAIRN_KEY_VAULT_URL or CAIRN_KEYS_FOLDER` };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
