import { useQueries, useQuery } from '@tanstack/react-query';
import { mlflow } from '../api/client.ts';
import type { Run, Version } from '../api/types.ts';
import { Card } from '../parts/Card.tsx';
import { Chip } from '../parts/Chip.tsx';
import { links } from '../parts/links.ts';
import { loggedModelQuery } from './queries.ts';

/** The models that a run read and made, and what was registered of it. */
export function LoggedModels({ run }: { readonly run: Run }) {
  const { info } = run;
  const used = [
    ...(run.outputs?.model_outputs ?? []).map(({ model_id: id }) => ({ id, role: 'made' })),
    ...(run.inputs?.model_inputs ?? []).map(({ model_id: id }) => ({ id, role: 'read' })),
  ];
  const models = useQueries({ queries: used.map(({ id }) => loggedModelQuery(id)) });
  const versions = useQuery({
    queryKey: ['run-versions', info.run_id],
    queryFn: async ({ signal }) =>
      (
        await mlflow.get<{ model_versions?: Version[] }>('model-versions/search', {
          query: { filter: `run_id = '${info.run_id}'`, max_results: 100 },
          signal,
        })
      ).model_versions ?? [],
    staleTime: 60_000,
  });
  const registered = versions.data ?? [];
  if (used.length === 0 && registered.length === 0) return null;
  return (
    <Card title="Models" flush>
      <ul className="line-rows">
        {used.map(({ id, role }, at) => {
          const model = models[at]?.data?.info;
          return (
            <li key={`${role} ${id}`}>
              <span className="clip" title={id}>
                {model?.name ?? id}
              </span>
              {model?.model_type !== undefined && model.model_type !== '' && (
                <span className="hint">{model.model_type}</span>
              )}
              <Chip state={role} tone="quiet" />
            </li>
          );
        })}
        {registered.map(({ name, version }) => (
          <li key={`${name} ${version}`}>
            <a className="clip" href={links.version(name, version)}>
              {name} version {version}
            </a>
            <Chip state="registered" tone="good" />
          </li>
        ))}
      </ul>
    </Card>
  );
}
