import { Icon } from './Icon.tsx';
import { Menu, type MenuItem } from './Popover.tsx';

/** What can be done, beside what has a button of its own, with what a page is about. */
export function MoreActions({ items }: { readonly items: readonly MenuItem[] }) {
  return (
    <Menu name="More actions" className="quiet" align="end" label={<Icon name="more" />} items={items} />
  );
}
