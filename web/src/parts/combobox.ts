import { type KeyboardEvent, useId, useState } from 'react';

type ComboboxOptions<T> = {
  readonly options: readonly T[];
  readonly onChoose: (option: T) => void;
  /** Whether Tab takes the marked option, or the first, as it does where text is completed. */
  readonly tabChooses?: boolean;
  /** Whether Enter takes the first option when none was marked. */
  readonly marksFirst?: boolean;
};

/**
 * What makes an input with a list of options below it a combobox by WAI-ARIA: arrows mark an option, Enter
 * takes it, Escape closes the list.
 */
export function useCombobox<T>({ options, onChoose, tabChooses, marksFirst }: ComboboxOptions<T>) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [marked, setMarked] = useState(-1);
  const shown = open && options.length > 0;
  const at = Math.min(marked === -1 && marksFirst ? 0 : marked, options.length - 1);
  const optionId = (index: number) => `${id}-${index}`;

  const choose = (index: number) => {
    const option = options[index];
    if (option === undefined) return;
    setMarked(-1);
    onChoose(option);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setMarked((at + step + options.length) % Math.max(1, options.length));
    } else if (event.key === 'Escape' && shown) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
      setMarked(-1);
    } else if (shown && event.key === 'Enter' && at >= 0) {
      event.preventDefault();
      choose(at);
    } else if (shown && event.key === 'Tab' && tabChooses) {
      event.preventDefault();
      choose(Math.max(at, 0));
    }
  };

  return {
    open,
    shown,
    marked: at,
    setOpen: (next: boolean) => {
      setOpen(next);
      setMarked(-1);
    },
    choose,
    input: {
      role: 'combobox',
      autoComplete: 'off',
      spellCheck: false,
      'aria-autocomplete': 'list',
      'aria-expanded': shown,
      'aria-controls': id,
      'aria-activedescendant': shown && at >= 0 ? optionId(at) : undefined,
      onKeyDown,
    } as const,
    list: { id, role: 'listbox' } as const,
    option: (index: number) =>
      ({
        id: optionId(index),
        role: 'option',
        'aria-selected': index === at,
        tabIndex: -1,
        // The input keeps the focus.
        onPointerDown: (event: { preventDefault(): void }) => event.preventDefault(),
        onClick: () => choose(index),
      }) as const,
  };
}
