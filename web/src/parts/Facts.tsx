import type { ReactNode } from 'react';

/**
 * Names and their values; those without a value are left out.
 *
 * @example <Facts of={{ User: run.userId, Took: ended && duration(ended - started) }} />
 */
export function Facts({ of }: { readonly of: Readonly<Record<string, ReactNode>> }) {
  const known = Object.entries(of).filter(
    ([, value]) => value !== null && value !== undefined && value !== '' && value !== false,
  );
  return (
    <dl className="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
