import { useParams } from 'react-router';
import { PageHead } from '../parts/PageHead.tsx';

export function RunPage() {
  const { runId = '' } = useParams();
  return <PageHead title={runId} />;
}
