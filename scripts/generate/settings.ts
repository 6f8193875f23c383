import { type SettingName, settingDeclarations } from '../../shared/settings.ts';

type Declaration = {
  readonly about: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  readonly kind?: string;
  readonly where: 'local' | 'azure' | 'both' | 'host';
};

/** The settings that `where` may set, in the order of their declaration. */
export function settingsOf(where: 'local' | 'azure'): { name: SettingName; declaration: Declaration }[] {
  return Object.entries<Declaration>(settingDeclarations)
    .filter(([, declaration]) => declaration.where === where || declaration.where === 'both')
    .map(([name, declaration]) => ({ name: name as SettingName, declaration }));
}

/** Values of a run on this machine, with Azurite and the local Cosmos emulator; where absent, the default. */
const localValues: Partial<Record<SettingName, string>> = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  CAIRN_COSMOS_TRANSPORT: 'local/cosmos/transport.ts',
  CAIRN_AUTH: 'off',
};

/** `local.settings.json` for the Functions Core Tools, ready to be copied. */
export function localSettings(): string {
  const values = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsDisableHomepage: 'true',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1099511627776',
    ...Object.fromEntries(
      settingsOf('local').map(({ name, declaration }) => [
        name,
        localValues[name] ?? declaration.default ?? '',
      ]),
    ),
  };
  return `${JSON.stringify({ IsEncrypted: false, Values: values }, undefined, 2)}\n`;
}

const places = { local: 'this machine', azure: 'Azure', both: 'both', host: 'Azure' } as const;

/** The page of all settings. */
export function settingsPage(): string {
  const rows = Object.entries<Declaration>(settingDeclarations).map(([name, { about, where, ...rest }]) => {
    const choices = rest.choices ? ` One of ${rest.choices.map(code).join(', ')}.` : '';
    const initial = rest.default ? code(rest.default) : '';
    return [code(name), about + choices, initial, places[where]];
  });
  return [
    '<!-- Generated from shared/settings.ts by `npm run generate`; change it there. -->',
    '# Settings',
    '',
    'Settings are environment variables. They are read once, when the app starts; what is wrong is reported all at once, by name.',
    'On this machine `make start` sets them, or `local.settings.json` (copy `local.settings.sample.json`) for the Functions Core Tools.',
    'In Azure `infra/` sets them as app settings.',
    '',
    ...table(['setting', 'meaning', 'default', 'set on'], rows),
    '',
  ].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A Markdown table, its columns padded as the formatter pads them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map((text) => text.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)));
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  );
  return lines.map((line) => `| ${line.join(' | ')} |`);
}
