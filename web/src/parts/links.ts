/** Addresses of the pages, each part encoded. */
export const links = {
  experiment: (id: string) => `#/experiments/${encodeURIComponent(id)}`,
  run: (experimentId: string, runId: string) =>
    `#/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`,
  runById: (runId: string) => `#/runs/${encodeURIComponent(runId)}`,
  compare: (runIds: readonly string[]) => `#/compare?runs=${runIds.map(encodeURIComponent).join(',')}`,
  model: (name: string) => `#/models/${encodeURIComponent(name)}`,
  version: (name: string, version: string) =>
    `#/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`,
  endpoint: (name: string) => `#/endpoints/${encodeURIComponent(name)}`,
  monitor: (name: string, windowEnd?: number) =>
    `#/monitors/${encodeURIComponent(name)}${windowEnd === undefined ? '' : `/${windowEnd}`}`,
};
