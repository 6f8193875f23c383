import { PageHead } from '../parts/PageHead.tsx';
import { RetrainingTable } from './RetrainingTable.tsx';

const newest = 50;

/** Models that are being trained anew, newest first. */
export function RetrainingPage() {
  return (
    <>
      <PageHead title="Retraining" />
      <section className="card" aria-label="Retraining">
        <RetrainingTable max={newest} />
      </section>
    </>
  );
}
