/**
 * What signing in adds to a tracking call: the same calls on a stack that asks nobody and on one that asks everyone,
 * by a token, by Basic and by a JWT of an issuer on this machine, in turns of a fraction of a second. A second stack
 * that asks nobody shows how far two processes differ by themselves. What the store is asked for is read from a
 * meter on the wire.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Stack, startStack, type StackOptions } from '../local/stack.ts';
import { openIssuer, signed, type TestIssuer } from '../test/access/issuer.ts';
import type { BenchOptions, BenchResult, BenchRow } from './report.ts';
import { createExperiment } from './tracking-calls.ts';
import { measure, type Request, Target } from './tracking-load.ts';
import { between, readMeter } from './tracking-meter.ts';

const clients = 4;
const callsOfTurn = 40;
const ratioMax = 1.05;
const warmUpRounds = 4;
const meteredCalls = 400;
/** The root of the rules is read once a second, however many call; that, and no more than a stray look besides. */
const requestsMoreMax = 0.05;

const tenant = '11111111-2222-3333-4444-555555555555';
const clientId = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const objectId = 'bbbbbbbb-cccc-dddd-eeee-ffffffffffff';

/** One way to call: a stack, and a header of its own. */
type Way = {
  readonly name: string;
  readonly target: Target;
  readonly runId: string;
  readonly meter: string;
  /** The process that answers. */
  readonly pid: number;
};

const calls: Readonly<Record<string, (runId: string, i: number) => Request>> = {
  'get-run': (runId) => ({ method: 'GET', path: `/api/2.0/mlflow/runs/get?run_id=${runId}` }),
  'log-metric': (runId, i) => ({
    method: 'POST',
    path: '/api/2.0/mlflow/runs/log-metric',
    body: { run_id: runId, key: 'loss', value: 1 / (i + 1), timestamp: 1_700_000_000_000 + i, step: i },
  }),
};

export async function benchAccess({ quick }: BenchOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-access-'));
  const issuer = await openIssuer();
  const stacks: Stack[] = [];
  const ways: Way[] = [];
  try {
    const start = async (name: string, options: Partial<StackOptions> = {}) => {
      const meter = join(folder, `${name}.json`);
      const env = { ...options.env, CAIRN_COSMOS_TRANSPORT: transport, CAIRN_BENCH_METER: meter };
      const stack = await startStack({ data: join(folder, name), port: 0, ...options, env });
      stacks.push(stack);
      return { stack, meter };
    };
    const open = await start('open');
    ways.push(await wayOf('nobody signs in', open.stack, open.meter));
    const again = await start('again');
    ways.push(await wayOf('nobody signs in, again', again.stack, again.meter));
    const env = {
      CAIRN_ENTRA_AUTHORITY: issuer.url,
      CAIRN_ENTRA_TENANT: tenant,
      CAIRN_ENTRA_CLIENT_ID: clientId,
      // More than a principal may make is what is measured.
      CAIRN_CALLS_PER_MINUTE: '10000000',
    };
    const guarded = await start('guarded', { auth: true, env });
    for (const [name, authorization] of Object.entries(await headersOf(guarded.stack, issuer)))
      ways.push(await wayOf(name, guarded.stack, guarded.meter, { authorization }));
    return { rows: [...(await times(ways, quick ? 8 : 40)), ...(await requests(ways))] };
  } finally {
    for (const { target } of ways) target.close();
    for (const stack of stacks) await stack.stop();
    issuer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const transport = fileURLToPath(new URL('tracking-meter.ts', import.meta.url));

async function wayOf(
  name: string,
  { url, pids }: Stack,
  meter: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Way> {
  const target = new Target(url, headers);
  const experimentId = await createExperiment(target, name);
  const body = { experiment_id: experimentId, run_name: name };
  const { run } = await target.call<{ run: { info: { run_id: string } } }>(
    'POST',
    '/api/2.0/mlflow/runs/create',
    body,
  );
  return { name, target, runId: run.info.run_id, meter, pid: pids.host };
}

/** The headers of a contributor who signs in by a token, by Basic and by a JWT. */
async function headersOf({ url, adminToken }: Stack, issuer: TestIssuer): Promise<Record<string, string>> {
  const admin = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken?.text}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const me = `entra:${tenant}/${objectId}`;
  await admin('/api/v1/access/principals', { name: 'bench', kind: 'service' });
  for (const subject of ['principal:bench', `principal:${me}`])
    await admin('/api/v1/access/grants', {
      subject,
      workspace: 'default',
      effect: 'allow',
      role: 'contributor',
    });
  const { token } = await admin('/api/v1/tokens', { name: 'bench', principal: 'bench' });
  const seconds = Math.floor(Date.now() / 1000);
  const jwt = await signed(issuer.key(), {
    iss: `${issuer.url}/${tenant}/v2.0`,
    aud: clientId,
    tid: tenant,
    oid: objectId,
    ver: '2.0',
    groups: Array.from({ length: 50 }, (_, i) => `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`),
    iat: seconds,
    exp: seconds + 86_400,
  });
  return {
    token: `Bearer ${String(token)}`,
    Basic: `Basic ${Buffer.from(`bench:${String(token)}`).toString('base64')}`,
    JWT: `Bearer ${jwt}`,
  };
}

/**
 * What a call takes each way, of what it takes where nobody signs in: the median time of many turns taken side by
 * side, and the processor's time for all of them, which what else runs on the machine disturbs less.
 */
async function times(ways: readonly Way[], rounds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [call, request] of Object.entries(calls)) {
    const taken = new Map(ways.map(({ name }) => [name, { ratios: [] as number[], cpuSeconds: 0 }]));
    const own: number[] = [];
    for (let round = -warmUpRounds; round < rounds; round++) {
      const p50 = new Map<string, number>();
      for (const { name, target, runId, pid } of turned(ways, round)) {
        const load = { clients, iterations: callsOfTurn, secondsMax: 10 };
        const before = cpuSecondsOf(pid);
        const measured = await measure(target, load, (client, i) =>
          request(runId, ((round + warmUpRounds) * clients + client) * callsOfTurn + i),
        );
        if (measured.errors > 0) throw new Error(`${call} failed ${measured.errors} times by ${name}.`);
        p50.set(name, measured.p50);
        const sum = taken.get(name);
        if (sum && round >= 0) sum.cpuSeconds += cpuSecondsOf(pid) - before;
      }
      if (round < 0) continue;
      const base = p50.get(ways[0]?.name ?? '') ?? Number.NaN;
      own.push(base);
      for (const [name, time] of p50) taken.get(name)?.ratios.push(time / base);
    }
    const cpuBase = taken.get(ways[0]?.name ?? '')?.cpuSeconds ?? 0;
    const perCall = (cpuBase * 1000) / (rounds * clients * callsOfTurn);
    rows.push({ name: `${call}: nobody signs in, p50`, value: median(own), unit: 'ms' });
    rows.push({ name: `${call}: nobody signs in, processor`, value: perCall, unit: 'ms' });
    for (const [name, { ratios, cpuSeconds }] of [...taken].slice(1)) {
      const kept = name.startsWith('nobody') ? {} : { budget: { max: ratioMax } };
      rows.push(
        { name: `${call}: ${name}, p50 of nobody's`, value: median(ratios), unit: '×', ...kept },
        { name: `${call}: ${name}, processor of nobody's`, value: cpuSeconds / cpuBase, unit: '×', ...kept },
      );
    }
  }
  return rows;
}

/** The processor's time that a process has had, in seconds to the hundredth. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function cpuSecondsOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / 100;
}

/** What a call asks of the store beyond what it asks where nobody signs in. */
async function requests(ways: readonly Way[]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [call, request] of Object.entries(calls)) {
    const perCall: number[] = [];
    for (const { target, runId, meter } of ways) {
      const before = await readMeter(meter);
      for (let i = 0; i < meteredCalls; i++) await target.send(request(runId, 1_000_000 + i));
      perCall.push(between(before, await readMeter(meter)).requests / meteredCalls);
    }
    const [base = 0] = perCall;
    rows.push({ name: `${call}: nobody signs in, store requests`, value: base, unit: '' });
    for (const [i, { name }] of ways.entries())
      if (!name.startsWith('nobody'))
        rows.push({
          name: `${call}: ${name}, store requests more`,
          value: (perCall[i] ?? Number.NaN) - base,
          unit: '',
          budget: { max: requestsMoreMax },
        });
  }
  return rows;
}

/** Each round begins with another way, so that none has the better place. */
function turned(ways: readonly Way[], round: number): Way[] {
  const first = (round + ways.length) % ways.length;
  return [...ways.slice(first), ...ways.slice(0, first)];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
