import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningStack, startedStack } from '../support/stack.ts';
import { configure, dashboardQueries, shipped } from './files.ts';
import { eventually, receiver, run, start } from './tools.ts';

/**
 * `make test-prometheus`: the real Prometheus finds the platform by itself, reads it with the token of a viewer, raises
 * an alert by the rules that ship, and the real Alertmanager delivers it to the platform, with the token of an operator:
 * an incident there, until the alert is over.
 */
const began = performance.now();
const say = (what: string) =>
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);

const folder = await mkdtemp(join(tmpdir(), 'cairn-prometheus-'));
const ends: (() => Promise<unknown> | void)[] = [];
try {
  await walk();
  say('All is as it should be.');
} finally {
  for (const end of ends.toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
}

async function walk(): Promise<void> {
  const data = join(folder, 'data');
  const env = { CAIRN_SCORING_TARGETS: 'any', CAIRN_PREDICTION_FLUSH_SECONDS: '1' };
  const stack = await startedStack(env, data, ['--auth']);
  ends.push(() => stack.stop());
  const admin = callsOf(stack, (await readFile(join(data, 'admin-token'), 'utf8')).trim());
  const token = await tokenOf(admin, 'prometheus', 'viewer');
  const operator = await tokenOf(admin, 'alertmanager', 'operator');
  // Nobody is there, so that every call fails.
  const url = `http://127.0.0.1:${await freePort()}/invocations`;
  await admin('POST', '/api/v1/endpoints', { name: 'flowers', deployments: [{ name: 'main', url }] });
  const call = () => admin('POST', '/endpoints/flowers/invocations', { inputs: [[1]] }, [503]);
  await call();
  say('The platform runs, and an endpoint whose calls fail.');

  const [port, alertPort] = [await freePort(), await freePort()];
  const received = await receiver();
  ends.push(() => received.close());
  const alertmanagerUrl = `http://127.0.0.1:${alertPort}`;
  const at = { cairn: stack.url, alertmanager: alertmanagerUrl, receiver: received.url };
  await configure(folder, { ...at, token, operator });
  checkFiles();
  await checkMetrics(stack, token);

  const alertmanager = await start(
    'prometheus-alertmanager',
    [
      '--config.file=alertmanager.yml',
      `--storage.path=${join(folder, 'alerts')}`,
      '--cluster.listen-address=',
    ],
    alertPort,
    folder,
  );
  ends.push(() => alertmanager.stop());
  const prometheus = await start(
    'prometheus',
    ['--config.file=prometheus.yml', `--storage.tsdb.path=${join(folder, 'tsdb')}`],
    port,
    folder,
  );
  ends.push(() => prometheus.stop());
  const ask = (query: string) => queried(prometheus.url, query);
  const up = await eventually(
    'a target that is up',
    30,
    async () => (await ask('up == 1'))[0],
    async () => ({
      targets: await (await fetch(`${prometheus.url}/api/v1/targets`)).json(),
      said: prometheus.said(),
    }),
  );
  same('the target', [up.metric['job'], up.metric['workspace']], ['cairn', 'default']);
  say(`Prometheus found ${up.metric['instance']} by itself, and reads it.`);
  await eventually('a call that is counted', 45, async () => (await ask('cairn_predictions_total > 0'))[0]);
  for (let i = 0; i < 5; i++) await call();
  await eventually(
    'calls that are counted',
    45,
    async () => (await ask('rate(cairn_predictions_total[1m]) > 0'))[0],
  );
  say('It counts calls.');

  for (const { name, query } of await dashboardQueries())
    await ask(query).catch((error: unknown) => {
      throw new Error(`The query of '${name}' fails: ${String(error)}`);
    });
  same('the share of errors', (await ask('cairn_predictions_total{outcome!="500"} > 0')).length, 0);
  say('It answers every query of the dashboard.');

  const told = await eventually(
    'an alert that is delivered',
    45,
    async () => {
      const all = received.received.flatMap(({ body, authorization }) =>
        body.alerts.map((alert) => ({ ...alert, version: body.version, authorization })),
      );
      return all.find(({ labels }) => labels['alertname'] === 'CairnEndpointErrors');
    },
    () => ask('ALERTS'),
  );
  same(
    'the alert',
    [told.version, told.status, told.labels['endpoint'], told.labels['workspace'], told.labels['severity']],
    ['4', 'firing', 'flowers', 'default', 'critical'],
  );
  same(
    'its words',
    told.annotations['description'],
    '100% of its calls of the last 5 minutes failed or came too late.',
  );
  same('who delivers it', told.authorization, `Bearer ${operator}`);
  say('The alert fires, and the Alertmanager delivers it.');

  const incidents = async (query: string) =>
    ((await admin('GET', `/api/v1/incidents?monitor=~alertmanager&${query}`)) as { incidents: Incident[] })
      .incidents;
  const opened = await eventually('an incident', 30, async () => (await incidents('state=open'))[0]);
  same(
    'the incident',
    [opened.title, opened.endpoint, opened.severity, opened.signals],
    ['flowers: CairnEndpointErrors', 'flowers', 'critical', ['external']],
  );
  say(`It is incident ${opened.id}.`);
  // Nothing fails any more, since nobody calls.
  await eventually('an incident that is over', 120, async () => (await incidents('state=resolved'))[0]);
  const whole = (await admin('GET', `/api/v1/incidents/${opened.id}`)) as Incident;
  same(
    'how it went',
    whole.timeline?.map(({ kind }) => kind),
    ['opened', 'alert-resolved', 'resolved'],
  );
  same('how many there were', (await incidents('')).length, 1);
  say('It is over when the alert is.');
}

/** The files that ship, by the tools that come with Prometheus. */
function checkFiles(): void {
  run('promtool', ['check', 'rules', join(shipped, 'cairn-rules.yml')], folder);
  run('promtool', ['test', 'rules', join(shipped, 'cairn-rules-test.yml')], folder);
  // With tokens beside them, which do not ship.
  run('promtool', ['check', 'config', 'prometheus.yml'], folder);
  run('amtool', ['check-config', 'alertmanager.yml'], folder);
  say('promtool and amtool find no fault with the files.');
}

/** What is told, by `promtool check metrics`, which knows good names from bad ones. */
async function checkMetrics({ url }: RunningStack, token: string): Promise<void> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  same('the status of /metrics', response.status, 200);
  const said = run('promtool', ['check', 'metrics'], folder, await response.text());
  same('what promtool says of the metrics', said, '');
  same('the status of /metrics without a token', (await fetch(`${url}/metrics`)).status, 401);
  say('promtool finds no fault with the metrics.');
}

type Call = (method: string, path: string, body?: unknown, fine?: readonly number[]) => Promise<unknown>;

function callsOf({ url }: RunningStack, token: string): Call {
  return async (method, path, body, fine = [200, 201]) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!fine.includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
}

type Incident = {
  readonly id: string;
  readonly title: string;
  readonly endpoint: string;
  readonly severity: string;
  readonly signals: readonly string[];
  readonly timeline?: readonly { readonly kind: string }[];
};

/** The token of a service of its own with a role, as Prometheus and its Alertmanager get one each. */
async function tokenOf(admin: Call, name: string, role: string): Promise<string> {
  await admin('POST', '/api/v1/access/principals', { name, kind: 'service' });
  await admin('POST', '/api/v1/access/grants', {
    subject: `principal:${name}`,
    role,
    workspace: 'default',
    effect: 'allow',
  });
  const made = await admin('POST', '/api/v1/tokens', { name, principal: name });
  return (made as { token: string }).token;
}

type Found = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

async function queried(url: string, query: string): Promise<readonly Found[]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: Found[] } };
  if (answer.status !== 'success' || !answer.data) throw new Error(answer.error);
  return answer.data.result;
}

function same(what: string, seen: unknown, expected: unknown): void {
  if (JSON.stringify(seen) === JSON.stringify(expected)) return;
  throw new Error(`Of ${what}: expected ${JSON.stringify(expected)}, seen ${JSON.stringify(seen)}.`);
}
