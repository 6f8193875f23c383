import { useLocation } from 'react-router';
import { PageHead } from '../parts/PageHead.tsx';

export function NotFoundPage() {
  const { pathname } = useLocation();
  return (
    <>
      <PageHead title="No such page" />
      <p className="hint">
        Nothing of Cairn has the address <code>#{pathname}</code>. <a href="#/">Go to the overview</a>
      </p>
    </>
  );
}
