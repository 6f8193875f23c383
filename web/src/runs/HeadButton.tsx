import { Icon } from '../parts/Icon.tsx';
import { orderOf } from './columns.ts';

type HeadButtonProps = {
  readonly order: string;
  readonly onOrder: (clause: string) => void;
  readonly title: string;
  readonly field: string | undefined;
};

/** The title of a column, which orders by it: downwards first, then upwards. */
export function HeadButton({ title, field, order, onOrder }: HeadButtonProps) {
  if (field === undefined)
    return (
      <span className="cut" title={title}>
        {title}
      </span>
    );
  const sorted = orderOf(order);
  const isSorted = sorted.field === field;
  const next = `${field} ${isSorted && sorted.down ? 'ASC' : 'DESC'}`;
  return (
    <button
      type="button"
      className="sort"
      title={title}
      aria-pressed={isSorted}
      onClick={() => onOrder(next)}
    >
      <span className="cut">{title}</span>
      {isSorted && <Icon name={sorted.down ? 'down' : 'up'} size={12} />}
    </button>
  );
}

/** What `aria-sort` says of a column. */
export function sortOf(order: string, field: string | undefined) {
  const sorted = orderOf(order);
  if (field === undefined) return undefined;
  if (sorted.field !== field) return 'none';
  return sorted.down ? 'descending' : 'ascending';
}
