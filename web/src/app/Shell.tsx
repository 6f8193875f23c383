import { useEffect, useRef } from 'react';
import { NavLink, Outlet, useLocation } from 'react-router';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { Account } from './Account.tsx';
import { SearchBox } from './SearchBox.tsx';
import { ThemeToggle } from './ThemeToggle.tsx';

const places: readonly (readonly [to: string, label: string, icon: IconName])[] = [
  ['/', 'Overview', 'overview'],
  ['/experiments', 'Experiments', 'experiment'],
  ['/models', 'Models', 'model'],
  ['/endpoints', 'Endpoints', 'endpoint'],
  ['/monitors', 'Monitors', 'monitor'],
  ['/jobs', 'Jobs', 'job'],
  ['/webhooks', 'Webhooks', 'webhook'],
];

/** What stands around every page: the way to the others, and whose session this is. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
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
          <Mark />
          <span>Cairn</span>
        </a>
        <ul>
          {places.map(([to, label, icon]) => (
            <li key={to}>
              <NavLink to={to} end={to === '/'} title={label}>
                <Icon name={icon} />
                <span>{label}</span>
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <header className="top">
        <SearchBox />
        <div className="top-end">
          <Account />
          <ThemeToggle />
        </div>
      </header>
      <main ref={main} id="main" tabIndex={-1}>
        <div className="page">
          <Outlet />
        </div>
      </main>
    </div>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <ellipse cx="16" cy="25" rx="13" ry="5" />
      <ellipse cx="17" cy="15.5" rx="9" ry="4" />
      <ellipse cx="15.5" cy="7.5" rx="5.5" ry="3.2" />
    </svg>
  );
}
