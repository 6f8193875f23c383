import type { ReactNode } from 'react';

type FactsProps = { readonly of: Readonly<Record<string, ReactNode>> };

/**
 * Names and their values; those without a value are left out.
 *
 * @example <Facts of={{ User: run.userId, Took: ended && duration(ended - started) }} />
 */
export function Facts({ of }: FactsProps) {
  return <FactList className="facts" of={of} />;
}

/** The same in a line, below the head of a page. */
export function FactLine({ of }: FactsProps) {
  return <FactList className="fact-line" of={of} />;
}

function FactList({ of, className }: FactsProps & { readonly className: string }) {
  const known = Object.entries(of).filter(
    ([, value]) => value !== null && value !== undefined && value !== '' && value !== false,
  );
  return (
    <dl className={className}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
