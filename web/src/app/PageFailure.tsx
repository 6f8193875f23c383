import { useRouteError } from 'react-router';
import { Failure } from '../parts/Failure.tsx';
import { PageHead } from '../parts/PageHead.tsx';

/** In the place of a page whose code failed or did not arrive. */
export function PageFailure() {
  const error = useRouteError();
  return (
    <>
      <PageHead title="This page broke" />
      <Failure error={error} onRetry={() => location.reload()} />
    </>
  );
}
