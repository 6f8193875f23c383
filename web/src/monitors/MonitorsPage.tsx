import { PageHead } from '../parts/PageHead.tsx';
import { MonitorTable } from './MonitorTable.tsx';

export function MonitorsPage() {
  return (
    <>
      <PageHead title="Monitors" />
      <section className="card" aria-label="Monitors">
        <MonitorTable />
      </section>
    </>
  );
}
