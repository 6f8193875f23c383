import { PageHead } from '../parts/PageHead.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { useParamState } from '../parts/params.ts';
import { ModelTable } from './ModelTable.tsx';

export function ModelsPage() {
  const [state, change] = useParamState();
  const search = state.get('q') ?? '';
  return (
    <>
      <PageHead title="Models" />
      <div className="row">
        <SearchField label="Search models by name" value={search} onChange={(q) => change({ q })} />
      </div>
      <section className="card" aria-label="Registered models">
        <ModelTable search={search} />
      </section>
    </>
  );
}
