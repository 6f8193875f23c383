import type { BatchJob } from '../api/batch.ts';
import { Card } from '../parts/Card.tsx';
import { Copyable } from '../parts/Code.tsx';
import { Facts } from '../parts/Facts.tsx';
import { byteSize, figure } from '../parts/format.ts';
import { StoredDownload } from './Downloads.tsx';

type OutputCardProps = {
  readonly output: NonNullable<BatchJob['output']>;
  /** How many they are, where they are several. */
  readonly files: number | undefined;
};

/** What came out, and the way to have it. */
export function OutputCard({ output, files }: OutputCardProps) {
  const { name, url, errors, rows, bad, bytes } = output;
  return (
    <Card title="Output">
      <Facts
        of={{
          'Rows written': figure(rows),
          'Bad rows': figure(bad),
          Size: byteSize(bytes),
          Files: files !== undefined && figure(files),
          'Lies at': <Copyable text={`batch-output/${name}`} />,
        }}
      />
      {url !== null && (
        <div className="row job-downloads">
          <StoredDownload
            file={{ name, url }}
            label="Download the output"
            bytes={bytes}
            className="primary"
          />
          {errors && <StoredDownload file={errors} label="Download the bad rows" />}
        </div>
      )}
    </Card>
  );
}
