import { Fragment, type ReactNode } from 'react';

type FactsProps = { readonly pairs: readonly (readonly [name: string, value: ReactNode])[] };

/** Names and their values; those without a value are left out. */
export function Facts({ pairs }: FactsProps) {
  const known = pairs.filter(
    ([, value]) => value !== null && value !== undefined && value !== '' && value !== false,
  );
  return (
    <dl className="facts">
      {known.map(([name, value]) => (
        <Fragment key={name}>
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        </Fragment>
      ))}
    </dl>
  );
}
