import { useEffect, useRef } from 'react';
import { NavLink, Outlet, useLocation } from 'react-router';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { Mark } from '../parts/Mark.tsx';
import { useMay } from '../session/may.tsx';
import { useSession } from '../session/session.ts';
import { Account } from './Account.tsx';
import { IncidentCount } from './IncidentCount.tsx';
import { NoRole } from './NoRole.tsx';
import { SearchBox } from './SearchBox.tsx';
import { ThemeToggle } from './ThemeToggle.tsx';

type Place = readonly [to: string, label: string, icon: IconName];

const places: readonly Place[] = [
  ['/', 'Overview', 'overview'],
  ['/experiments', 'Experiments', 'experiment'],
  ['/models', 'Models', 'model'],
  ['/endpoints', 'Endpoints', 'endpoint'],
  ['/batch-jobs', 'Batch jobs', 'batch'],
  ['/monitors', 'Monitors', 'monitor'],
  ['/alerts', 'Alerts', 'alert'],
  ['/retraining', 'Retraining', 'job'],
];

const webhooks: Place = ['/webhooks', 'Webhooks', 'webhook'];

const tokens: Place = ['/tokens', 'Tokens', 'key'];

const adminPlaces: readonly Place[] = [
  ['/users', 'Users & roles', 'people'],
  tokens,
  ['/workspaces', 'Workspaces', 'workspace'],
  ['/audit', 'Audit log', 'audit'],
  ['/access-review', 'Access review', 'review'],
  ['/usage', 'Usage', 'usage'],
  ['/data-requests', 'Data requests', 'erase'],
];

/** What stands around every page: the way to the others, and whose session this is. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const { role, resources } = useSession();
  const hasNothing = role === null && resources.length === 0;
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // A reader who follows a link starts at the beginning of the page it leads to; one who types goes on.
    if (!document.activeElement?.matches('input, textarea')) main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <nav className="side" aria-label="Main">
        <a className="brand" href="#/" aria-label="Cairn, overview">
          <Mark size={22} />
          <span>Cairn</span>
        </a>
        <Places places={useMay('admin') ? [...places, webhooks] : places} label="Work" />
        <AdminPlaces />
      </nav>
      <header className="top">
        <SearchBox />
        <div className="top-end">
          <Account />
          <ThemeToggle />
        </div>
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <div className="page">{hasNothing && pathname !== tokens[0] ? <NoRole /> : <Outlet />}</div>
      </main>
    </div>
  );
}

/** What only admins decide and see; everyone has tokens, save where nobody signs in. */
function AdminPlaces() {
  const { auth } = useSession();
  const isAdmin = useMay('admin');
  const shown = isAdmin ? adminPlaces : [tokens];
  const asked = shown.filter((place) => place !== tokens || auth === 'on');
  if (asked.length === 0) return null;
  return (
    <>
      <p className="side-title" aria-hidden="true">
        <span>{isAdmin ? 'Admin' : 'Access'}</span>
      </p>
      <Places places={asked} label={isAdmin ? 'Admin' : 'Access'} />
    </>
  );
}

function Places({ places: shown, label }: { readonly places: readonly Place[]; readonly label: string }) {
  return (
    <ul aria-label={label}>
      {shown.map(([to, name, icon]) => (
        <li key={to}>
          <NavLink to={to} end={to === '/'} title={name}>
            <Icon name={icon} />
            <span>{name}</span>
            {to === '/alerts' && <IncidentCount />}
          </NavLink>
        </li>
      ))}
    </ul>
  );
}
