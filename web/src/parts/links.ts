/** Addresses of the pages, each part encoded. */
export const links = {
  experiment: (id: string) => `#/experiments/${encodeURIComponent(id)}`,
  run: (experimentId: string, runId: string) =>
    `#/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`,
  runById: (runId: string) => `#/runs/${encodeURIComponent(runId)}`,
  compare: (runIds: readonly string[]) => `#/compare?runs=${runIds.map(encodeURIComponent).join(',')}`,
  model: (name: string) => `#/models/${encodeURIComponent(name)}`,
  version: (name: string, version: string | number) =>
    `#/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
  compareVersions: (name: string, versions: readonly (string | number)[]) =>
    `#/models/${encodeURIComponent(name)}/compare?versions=${versions.join(',')}`,
  promotion: (name: string, number: number) => `#/models/${encodeURIComponent(name)}/promotions/${number}`,
  webhook: (id: string) => `#/webhooks/${encodeURIComponent(id)}`,
  endpoint: (name: string) => `#/endpoints/${encodeURIComponent(name)}`,
  batchJob: (id: string) => `#/batch-jobs/${encodeURIComponent(id)}`,
  retraining: (id: string) => `#/retraining/${encodeURIComponent(id)}`,
  newBatchJob: (endpoint: string) => `#/batch-jobs/new?endpoint=${encodeURIComponent(endpoint)}`,
  /** Another workspace: a new document, whose every request names it. */
  workspace: (name: string) => (name === 'default' ? '/#/' : `/?workspace=${encodeURIComponent(name)}#/`),
  principal: (id: string) => `#/users/${encodeURIComponent(id)}`,
  audit: (filter: Readonly<Record<string, string>>) => `#/audit?${new URLSearchParams(filter).toString()}`,
  monitor: (name: string, windowEnd?: number) =>
    `#/monitors/${encodeURIComponent(name)}${windowEnd === undefined ? '' : `/${windowEnd}`}`,
  incident: (id: string) => `#/incidents/${encodeURIComponent(id)}`,
  /** What is open of an endpoint or a monitor. */
  openIncidents: (of: Readonly<Record<string, string>>) =>
    `#/alerts?${new URLSearchParams({ state: 'open', ...of }).toString()}`,
};
