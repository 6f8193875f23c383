import { Empty } from '../parts/Empty.tsx';
import { counted } from '../parts/format.ts';

type NoRunsProps = {
  readonly state:
    | { readonly why: 'hidden'; readonly count: number }
    /** The filter is none. */
    | { readonly why: 'unread' }
    | { readonly why: 'narrowed'; readonly view: string }
    | { readonly why: 'none'; readonly experiment: string };
  readonly onShowHidden: () => void;
  readonly onWiden: () => void;
};

/** In the place of the table where it has no line: why, and what brings one. */
export function NoRuns(props: NoRunsProps) {
  return (
    <div className="card">
      <Reason {...props} />
    </div>
  );
}

function Reason({ state, onShowHidden, onWiden }: NoRunsProps) {
  switch (state.why) {
    case 'hidden':
      return (
        <Empty title="Every run is hidden">
          <button type="button" onClick={onShowHidden}>
            Show {counted(state.count, 'run')}
          </button>
        </Empty>
      );
    case 'unread':
      return <Empty title="The filter cannot be read">What is wrong is underlined above.</Empty>;
    case 'narrowed':
      return (
        <Empty title="No run matches">
          <button type="button" onClick={onWiden}>
            Show every {state.view} run
          </button>
        </Empty>
      );
    case 'none':
      return (
        <Empty title="No runs yet" code={firstRun(state.experiment)}>
          These lines log one:
        </Empty>
      );
  }
}

function firstRun(name: string): string {
  return `import mlflow
mlflow.set_tracking_uri("${location.origin}")
mlflow.set_experiment(${JSON.stringify(name)})

with mlflow.start_run():
    mlflow.log_param("learning_rate", 0.01)
    mlflow.log_metric("accuracy", 0.97)`;
}
