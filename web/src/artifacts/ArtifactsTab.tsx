import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Artifact, Run } from '../api/types.ts';
import { Copyable } from '../parts/Code.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Loaded, Skeleton } from '../parts/Loading.tsx';
import { useParamState } from '../parts/params.ts';
import { loggedModelQuery } from '../run/queries.ts';
import './artifacts.css';
import { listingQuery, type Source } from './files.ts';
import { nameOf } from './kinds.ts';
import { Tree } from './Tree.tsx';
import { Viewer } from './Viewer.tsx';

/** The files that a run left, its models' among them: a tree, and beside it the one that is looked at. */
export function ArtifactsTab({ run }: { readonly run: Run }) {
  const { run_id: runId, artifact_uri: uri } = run.info;
  const [params, setParams] = useParamState();
  const path = params.get('path') ?? '';
  const modelId = params.get('model') ?? undefined;
  const own = useMemo((): Source => ({ kind: 'run', runId }), [runId]);
  const files = useQuery(listingQuery(own, ''));
  const modelIds = run.outputs?.model_outputs?.map(({ model_id: id }) => id) ?? [];
  const show = (chosen: string, model?: string) => setParams({ path: chosen, model }, { push: true });
  if (!files.data) return <Loaded query={files}>{() => null}</Loaded>;
  if (files.data.length === 0 && modelIds.length === 0 && path === '')
    return (
      <Empty
        title="No artifacts"
        code={`with mlflow.start_run(run_id="${runId}"):\n    mlflow.log_artifact("report.html")`}
      >
        Files that the run logs appear here.
      </Empty>
    );
  const source: Source = modelId === undefined ? own : { kind: 'model', modelId };
  return (
    <div className="artifacts">
      <nav className="card artifact-tree" aria-label="Artifacts">
        <div className="artifact-root">
          <Copyable text={uri} />
        </div>
        <Tree
          source={own}
          files={files.data}
          shown={modelId === undefined ? path : ''}
          onShow={(chosen) => show(chosen)}
        />
        <Models ids={modelIds} shown={{ modelId, path }} onShow={show} />
      </nav>
      <div className="card artifact-view">
        {path === '' ? (
          <Empty title="Choose a file">Its content is shown here.</Empty>
        ) : (
          <Chosen key={`${modelId} ${path}`} source={source} path={path} />
        )}
      </div>
    </div>
  );
}

type ModelsProps = {
  readonly ids: readonly string[];
  readonly shown: { readonly modelId: string | undefined; readonly path: string };
  readonly onShow: (path: string, modelId: string) => void;
};

/** The files of each model that the run logged: they are kept with the model, not with the run. */
function Models({ ids, shown, onShow }: ModelsProps) {
  const models = useQueries({ queries: ids.map((id) => loggedModelQuery(id)) });
  const listings = useQueries({ queries: ids.map((id) => listingQuery({ kind: 'model', modelId: id }, '')) });
  return ids.map((id, at) => {
    const files = listings[at]?.data;
    return (
      <section key={id} className="artifact-model-files">
        <h2 title={id} className="clip">
          Model {models[at]?.data?.info.name ?? id}
        </h2>
        {files ? (
          <Tree
            source={{ kind: 'model', modelId: id }}
            files={files}
            shown={shown.modelId === id ? shown.path : ''}
            onShow={(path) => onShow(path, id)}
          />
        ) : listings[at]?.error ? (
          <p className="hint tree-note">{listings[at].error.message}</p>
        ) : (
          <Skeleton lines={3} />
        )}
      </section>
    );
  });
}

/** The file that the address names; its folder tells how long it is. */
function Chosen({ source, path }: { readonly source: Source; readonly path: string }) {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const listing = useQuery(listingQuery(source, folder));
  return (
    <Loaded query={listing} lines={8}>
      {(files) => {
        const file: Artifact | undefined = files.find((each) => each.path === path);
        return file ? (
          <Viewer source={source} file={file} />
        ) : (
          <Empty title={`There is no ${nameOf(path)}`}>It may have been deleted since.</Empty>
        );
      }}
    </Loaded>
  );
}
