import { Icon, type IconName } from '../parts/Icon.tsx';
import { chooseTheme, useThemeChoice } from './theme.ts';

const choices = ['system', 'light', 'dark'] as const;
const icons: Readonly<Record<(typeof choices)[number], IconName>> = {
  system: 'system',
  light: 'sun',
  dark: 'moon',
};

/** Goes from the system's theme to light to dark. */
export function ThemeToggle() {
  const choice = useThemeChoice();
  const next = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'system';
  const said = `Theme: ${choice}. Switch to ${next}`;
  return (
    <button type="button" className="quiet" aria-label={said} title={said} onClick={() => chooseTheme(next)}>
      <Icon name={icons[choice]} />
    </button>
  );
}
