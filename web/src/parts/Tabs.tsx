import type { ReactNode } from 'react';
import { useLocation } from 'react-router';
import { useParamState } from './params.ts';

/** The tab that the address names; the first where it names none. */
export function useTab<T extends string>(tabs: readonly [T, ...T[]] | readonly T[]): T {
  const [state] = useParamState();
  return tabs.find((tab) => tab === state.get('tab')) ?? tabs[0];
}

type TabsProps<T extends string> = {
  readonly label: string;
  readonly tabs: readonly T[];
  readonly titles: Readonly<Record<T, ReactNode>>;
};

/** Links to the parts of a page, each with an address of its own. */
export function Tabs<T extends string>({ label, tabs, titles }: TabsProps<T>) {
  const shown = useTab(tabs);
  const { pathname, search } = useLocation();
  const addressOf = (tab: T) => {
    const state = new URLSearchParams(search);
    if (tab === tabs[0]) state.delete('tab');
    else state.set('tab', tab);
    return `#${pathname}${state.size > 0 ? `?${state.toString()}` : ''}`;
  };
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab} href={addressOf(tab)} aria-current={tab === shown ? 'page' : undefined}>
          {titles[tab]}
        </a>
      ))}
    </nav>
  );
}
