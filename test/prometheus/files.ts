import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

export const shipped = fileURLToPath(new URL('../../infra/observability/', import.meta.url));

type Prometheus = {
  global: Record<string, string>;
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  scrape_configs: { http_sd_configs: { url: string; refresh_interval: string }[] }[];
};
type Alertmanager = {
  route: Record<string, unknown>;
  receivers: { webhook_configs?: { url: string }[] }[];
};
type Rules = { groups: { rules: { alert: string; expr: string; for?: string }[] }[] };

/**
 * Copies what ships into a folder, with the addresses of this run, and with all that takes minutes taking seconds;
 * everything else stays as it is.
 */
export async function configure(
  folder: string,
  at: {
    readonly cairn: string;
    readonly alertmanager: string;
    readonly receiver: string;
    readonly token: string;
    /** Of who may write. */
    readonly operator: string;
  },
): Promise<void> {
  const prometheus = (await read('prometheus.yml')) as Prometheus;
  prometheus.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  for (const { static_configs: configs } of prometheus.alerting.alertmanagers)
    for (const config of configs) config.targets = [new URL(at.alertmanager).host];
  for (const { http_sd_configs: found } of prometheus.scrape_configs)
    for (const each of found) {
      each.url = each.url.replace('http://127.0.0.1:7071', at.cairn);
      each.refresh_interval = '1s';
    }
  const alertmanager = (await read('alertmanager.yml')) as Alertmanager;
  Object.assign(alertmanager.route, { group_wait: '0s', group_interval: '1s' });
  // To Cairn, and beside it to who looks at what is sent.
  for (const receiver of alertmanager.receivers)
    receiver.webhook_configs = (receiver.webhook_configs ?? []).flatMap((webhook) => [
      { ...webhook, url: webhook.url.replace('http://127.0.0.1:7071', at.cairn) },
      { ...webhook, url: at.receiver },
    ]);
  const rules = (await read('cairn-rules.yml')) as Rules;
  for (const { rules: each } of rules.groups)
    for (const rule of each) {
      delete rule.for;
      rule.expr = rule.expr.replaceAll('[5m]', '[30s]');
    }
  const write = (name: string, content: unknown) => writeFile(join(folder, name), stringify(content));
  await write('prometheus.yml', prometheus);
  await write('alertmanager.yml', alertmanager);
  await write('cairn-rules.yml', rules);
  await writeFile(join(folder, 'cairn-token'), at.token);
  await writeFile(join(folder, 'cairn-alertmanager-token'), at.operator);
}

export async function read(name: string): Promise<unknown> {
  return parse(await readFile(join(shipped, name), 'utf8'));
}

type Query = { readonly expr?: string };
type Dashboard = {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly Query[] }[];
  readonly annotations: { readonly list: readonly (Query & { readonly name: string })[] };
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
};

/** Every query of the dashboard, with the name of what asks it; Grafana's variables stand for something. */
export async function dashboardQueries(): Promise<{ name: string; query: string }[]> {
  const { panels, annotations } = JSON.parse(
    await readFile(join(shipped, 'grafana-dashboard.json'), 'utf8'),
  ) as Dashboard;
  const asked = [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ name: title, expr }))),
    ...annotations.list.map(({ name, expr }) => ({ name, expr })),
  ];
  return asked.map(({ name, expr = '' }) => ({
    name,
    query: expr.replaceAll(/\$(workspace|endpoint)\b/g, '.*').replaceAll('$__rate_interval', '1m'),
  }));
}

/** What the variables of the dashboard are filled by. */
export async function dashboardVariables(): Promise<string[]> {
  const { templating } = JSON.parse(
    await readFile(join(shipped, 'grafana-dashboard.json'), 'utf8'),
  ) as Dashboard;
  return templating.list.flatMap(({ definition }) => definition ?? []);
}
