import { useQuery } from '@tanstack/react-query';
import { searchExperiments, searchRuns } from '../api/tracking.ts';
import type { Experiment, Run } from '../api/types.ts';
import { EndpointTable } from '../endpoints/EndpointTable.tsx';
import { LatestJobs } from '../batch/LatestJobs.tsx';
import { ModelTable } from '../models/ModelTable.tsx';
import { MonitorTable } from '../monitors/MonitorTable.tsx';
import { Card } from '../parts/Card.tsx';
import { Dot } from '../parts/Chip.tsx';
import { Empty } from '../parts/Empty.tsx';
import { duration } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Loaded } from '../parts/Loading.tsx';
import { PageHead } from '../parts/PageHead.tsx';
import { RetrainingTable } from '../retraining/RetrainingTable.tsx';
import { Table } from '../parts/Table.tsx';
import { Ago } from '../parts/Time.tsx';

/** The newest of each kind that are shown. */
const recent = 8;
/** The newest runs are looked for in this many of the newest experiments. */
const experimentsMax = 20;
const lookAgainMilliseconds = 3000;

/** Everything there is, newest first; before there is anything, how to begin. */
export function OverviewPage() {
  const query = useQuery({
    queryKey: ['overview'],
    queryFn: async ({ signal }) => {
      const { experiments = [] } = await searchExperiments({ max: experimentsMax }, signal);
      const ids = experiments.map((each) => each.experiment_id);
      return { experiments, runs: await searchRuns({ experimentIds: ids, max: recent }, signal) };
    },
    // A newcomer's first run appears by itself.
    refetchInterval: ({ state }) => (state.data?.runs.length === 0 ? lookAgainMilliseconds : false),
  });
  return (
    <>
      <PageHead title="Overview" />
      <Card title="Latest runs" flush>
        <Loaded query={query} lines={6}>
          {({ runs, experiments }) => <LatestRuns runs={runs} experiments={experiments} />}
        </Loaded>
      </Card>
      <div className="grid">
        <Card title={<a href="#/experiments">Experiments</a>} flush>
          <Loaded query={query}>
            {({ experiments }) => <LatestExperiments experiments={experiments.slice(0, recent)} />}
          </Loaded>
        </Card>
        <Card title={<a href="#/models">Registered models</a>} flush>
          <ModelTable max={recent} order="last_updated_timestamp DESC" />
        </Card>
        <Card title={<a href="#/endpoints">Endpoints</a>} flush>
          <EndpointTable max={recent} />
        </Card>
        <Card title={<a href="#/monitors">Monitors</a>} flush>
          <MonitorTable max={recent} />
        </Card>
      </div>
      <Card title={<a href="#/batch-jobs">Batch jobs</a>} flush>
        <LatestJobs max={recent} />
      </Card>
      <Card title={<a href="#/retraining">Retraining</a>} flush>
        <RetrainingTable max={recent} />
      </Card>
    </>
  );
}

function LatestRuns(props: { readonly runs: readonly Run[]; readonly experiments: readonly Experiment[] }) {
  const { runs, experiments } = props;
  if (runs.length === 0)
    return (
      <Empty
        title="Nothing is tracked here yet"
        code={`pip install mlflow\n\nimport mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmlflow.log_metric("accuracy", 0.97)`}
      >
        These lines log a first run. It appears here by itself.
      </Empty>
    );
  const names = new Map(experiments.map((each) => [each.experiment_id, each.name]));
  return (
    <Table
      label="Latest runs"
      rows={runs}
      rowKey={({ info }) => info.run_id}
      columns={[
        {
          title: 'Run',
          cell: ({ info }) => (
            <span className="dotted">
              <Dot state={info.status} />
              <a href={links.run(info.experiment_id, info.run_id)}>{info.run_name || info.run_id}</a>
            </span>
          ),
        },
        {
          title: 'Experiment',
          cell: ({ info }) => (
            <a href={links.experiment(info.experiment_id)}>
              {names.get(info.experiment_id) ?? info.experiment_id}
            </a>
          ),
        },
        { title: 'Started', cell: ({ info }) => <Ago at={info.start_time} /> },
        {
          title: 'Took',
          numeric: true,
          cell: ({ info }) => (info.end_time === undefined ? '—' : duration(info.end_time - info.start_time)),
        },
      ]}
    />
  );
}

function LatestExperiments({ experiments }: { readonly experiments: readonly Experiment[] }) {
  return (
    <Table
      label="Latest experiments"
      rows={experiments}
      rowKey={(each) => each.experiment_id}
      columns={[
        { title: 'Name', cell: (each) => <a href={links.experiment(each.experiment_id)}>{each.name}</a> },
        { title: 'Created', cell: (each) => <Ago at={each.creation_time} /> },
      ]}
    />
  );
}
