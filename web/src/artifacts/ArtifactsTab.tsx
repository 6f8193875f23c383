import { useQuery } from '@tanstack/react-query';
import type { Artifact, Run } from '../api/types.ts';
import { Copyable } from '../parts/Code.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Loaded } from '../parts/Loading.tsx';
import { useParamState } from '../parts/params.ts';
import './artifacts.css';
import { listingQuery } from './files.ts';
import { nameOf } from './kinds.ts';
import { Tree } from './Tree.tsx';
import { Viewer } from './Viewer.tsx';

/** The files that a run left: a tree of them, and beside it the one that is looked at. */
export function ArtifactsTab({ run }: { readonly run: Run }) {
  const { run_id: runId, artifact_uri: uri } = run.info;
  const [params, setParams] = useParamState();
  const path = params.get('path') ?? '';
  const root = useQuery(listingQuery(runId, ''));
  return (
    <Loaded query={root} lines={8}>
      {(files) =>
        files.length === 0 && path === '' ? (
          <Empty
            title="No artifacts"
            code={`with mlflow.start_run(run_id="${runId}"):\n    mlflow.log_artifact("report.html")`}
          >
            Files that the run logs appear here.
          </Empty>
        ) : (
          <div className="artifacts">
            <nav className="card artifact-tree" aria-label="Artifacts">
              <div className="artifact-root">
                <Copyable text={uri} />
              </div>
              <Tree
                runId={runId}
                files={files}
                shown={path}
                onShow={(chosen) => setParams({ path: chosen }, { push: true })}
              />
            </nav>
            <div className="card artifact-view">
              {path === '' ? (
                <Empty title="Choose a file">Its content is shown here.</Empty>
              ) : (
                <Chosen key={path} runId={runId} path={path} />
              )}
            </div>
          </div>
        )
      }
    </Loaded>
  );
}

/** The file that the address names; its folder tells how long it is. */
function Chosen({ runId, path }: { readonly runId: string; readonly path: string }) {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const listing = useQuery(listingQuery(runId, folder));
  return (
    <Loaded query={listing} lines={8}>
      {(files) => {
        const file: Artifact | undefined = files.find((each) => each.path === path);
        return file ? (
          <Viewer runId={runId} file={file} />
        ) : (
          <Empty title={`There is no ${nameOf(path)}`}>It may have been deleted since.</Empty>
        );
      }}
    </Loaded>
  );
}
