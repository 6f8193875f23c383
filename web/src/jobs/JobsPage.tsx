import { PageHead } from '../parts/PageHead.tsx';
import { JobTables } from './JobTables.tsx';

const newest = 50;

export function JobsPage() {
  return (
    <>
      <PageHead title="Jobs" />
      <JobTables max={newest} />
    </>
  );
}
