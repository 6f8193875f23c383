import { PageHead } from '../parts/PageHead.tsx';

export function ComparePage() {
  return <PageHead title="Compare runs" />;
}
