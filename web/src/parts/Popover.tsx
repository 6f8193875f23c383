import { createContext, type ReactNode, useCallback, useContext, useId, useRef, useState } from 'react';
import { useRole } from '../session/may.tsx';
import { covers, type Role } from '../session/roles.ts';

type PopoverProps = {
  /** What the button shows. */
  readonly label: ReactNode;
  /** The button's name where its label is no text. */
  readonly name?: string;
  readonly className?: string;
  readonly align?: 'start' | 'end';
  readonly disabled?: boolean;
  /** Drawn only while open; what is chosen in it closes it by {@link useClose}. */
  readonly children: ReactNode;
};

const Close = createContext(() => {});

/** What closes the popover around a component. */
export function useClose(): () => void {
  return useContext(Close);
}

const gapPixels = 4;
const edgePixels = 8;

/** A button that opens a box over the page: Escape and a press elsewhere close it, and focus returns. */
export function Popover({
  label,
  name,
  className = '',
  align = 'start',
  disabled = false,
  children,
}: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => box.current?.hidePopover(), []);

  const place = (element: HTMLDivElement) => {
    const anchor = button.current?.getBoundingClientRect();
    if (!anchor) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const wanted = align === 'start' ? anchor.left : anchor.right - width;
    const left = Math.max(edgePixels, Math.min(wanted, innerWidth - width - edgePixels));
    const below = anchor.bottom + gapPixels;
    const fits = below + height <= innerHeight - edgePixels;
    const top = fits ? below : Math.max(edgePixels, anchor.top - gapPixels - height);
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={name}
        title={name}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        disabled={disabled}
        popoverTarget={id}
      >
        {label}
      </button>
      <div
        ref={box}
        id={id}
        popover="auto"
        className="popover"
        onToggle={(event) => {
          const opened = event.newState === 'open';
          setOpen(opened);
          // The content is drawn first: its size decides where the box fits.
          if (opened) requestAnimationFrame(() => box.current && place(box.current));
        }}
      >
        {open && <Close value={close}>{children}</Close>}
      </div>
    </>
  );
}

export type MenuItem = {
  readonly label: string;
  readonly danger?: boolean;
  /** Offered to those only who hold this role on what the page is about. */
  readonly needs?: Role;
  readonly onChoose: () => void;
};

/** A list of things that can be done; nothing where the reader may do none of them. */
export function Menu({
  items,
  ...props
}: Omit<PopoverProps, 'children'> & { readonly items: readonly MenuItem[] }) {
  const role = useRole();
  const offered = items.filter(({ needs }) => needs === undefined || covers(role, needs));
  if (offered.length === 0) return null;
  return (
    <Popover {...props}>
      <MenuList items={offered} />
    </Popover>
  );
}

function MenuList({ items }: { readonly items: readonly MenuItem[] }) {
  const close = useClose();
  return (
    <ul className="menu">
      {items.map(({ label, danger, onChoose }) => (
        <li key={label}>
          <button
            type="button"
            className={danger ? 'quiet bad' : 'quiet'}
            onClick={() => {
              close();
              onChoose();
            }}
          >
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}
