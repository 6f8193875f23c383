import { PageHead } from '../parts/PageHead.tsx';
import { EndpointTable } from './EndpointTable.tsx';

export function EndpointsPage() {
  return (
    <>
      <PageHead title="Endpoints" />
      <section className="card" aria-label="Endpoints">
        <EndpointTable />
      </section>
    </>
  );
}
