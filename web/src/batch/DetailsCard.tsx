import { useQuery } from '@tanstack/react-query';
import type { BatchJob, BatchOptions } from '../api/batch.ts';
import { endpointsQuery } from '../endpoints/queries.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { byteSize, counted, duration } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Moment } from '../parts/Time.tsx';
import { badRowsText, formatNames, joinText } from './options.ts';
import { OwnerLink } from './OwnerLink.tsx';

/** What a job scores by what, who asked for it, and when. */
export function DetailsCard({ job }: { readonly job: BatchJob }) {
  const { owner, model, input, started_at: started, finished_at: finished } = job;
  return (
    <Card title="Details">
      <Facts
        of={{
          'Scored by': <OwnerOrGone owner={owner} />,
          Version: model && <VersionLink job={job} version={model.version} />,
          Digest: model && <Copyable text={model.digest} />,
          Input: <Copyable text={input.uri} />,
          Size: `${input.prefix ? `${counted(input.files, 'file')}, ` : ''}${byteSize(input.bytes)}`,
          'Asked for by': job.requested_by ?? 'the file that was dropped',
          'Asked for': <Moment at={job.created_at} />,
          Began: started !== null && <Moment at={started} />,
          Ended: finished !== null && <Moment at={finished} />,
          Took: finished !== null && duration(finished - (started ?? job.created_at)),
          Retried: job.retries > 0 && counted(job.retries, 'time'),
        }}
      />
    </Card>
  );
}

/** A job stays when its endpoint is deleted, and is there before one where a file is dropped too early. */
function OwnerOrGone({ owner }: Pick<BatchJob, 'owner'>) {
  const { data } = useQuery({ ...endpointsQuery, enabled: owner.type === 'endpoint' });
  const isThere = data?.endpoints.some(({ name }) => name === owner.name) ?? true;
  if (owner.type === 'model' || isThere) return <OwnerLink owner={owner} />;
  return (
    <>
      {owner.name} <span className="hint">endpoint, which is not there</span>
    </>
  );
}

/** The version that was pinned. An endpoint's job knows its model by id: the endpoint tells its name, while it has it. */
function VersionLink({
  job: { owner, model },
  version,
}: {
  readonly job: BatchJob;
  readonly version: number;
}) {
  const { data } = useQuery({ ...endpointsQuery, enabled: owner.type === 'endpoint' });
  const endpoint = data?.endpoints.find(({ name: each }) => each === owner.name);
  const deployed = endpoint?.deployments.find(
    (each) => each.kind === 'model' && each.model_id === model?.model_id,
  );
  const name = owner.type === 'model' ? owner.name : deployed?.kind === 'model' ? deployed.model : undefined;
  if (name === undefined) return `version ${version}`;
  return (
    <a href={links.version(name, version)}>
      {name} version {version}
    </a>
  );
}

const delimiterNames: Readonly<Record<string, string>> = { '\t': 'tab', ' ': 'space' };

/** What the job was told to do. */
export function OptionsCard({ options }: { readonly options: BatchOptions }) {
  const { format, delimiter, gzip, output, bad_rows: badRows } = options;
  return (
    <Card title="Options">
      <Facts
        of={{
          Format: formatNames[format],
          'Between columns': delimiter !== null && (delimiterNames[delimiter] ?? <code>{delimiter}</code>),
          Gzip: gzip !== null && (gzip ? 'yes' : 'no'),
          'Format of the output': formatNames[output.format],
          'Columns joined': joinText(output.join),
          Probabilities: output.probabilities ? 'of each class' : 'no',
          'Bad rows': badRowsText(badRows),
        }}
      />
    </Card>
  );
}
