/** Run by azd before it makes anything: says at once all that would keep it from going through, and what it will cost. */
import { readFile } from 'node:fs/promises';
import { listPrices } from '../../scripts/cost/estimate.ts';
import { endWith, optionsOf } from '../../scripts/command-line.ts';
import { azd } from './azd.ts';
import { costLines, preflight } from './checks.ts';
import { parametersOf, withDefaults } from './parameters.ts';

const given = optionsOf(
  `Usage: node infra/hooks/preflight.ts [--register]

Says what keeps azd from deploying the selected environment.
  --register    register resource providers that are not registered`,
  { register: { type: 'boolean', default: false } },
);
const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');
const parameters = parametersOf(await read('../main.bicep'), await read('../main.parameters.json'));
// By hand there are no values in the environment of the process, which a hook has.
const ofAzd = () => azd.values().catch(({ message }: Error) => endWith(`No environment of azd: ${message}`));
const values = process.env['AZURE_ENV_NAME'] ? process.env : { ...process.env, ...(await ofAzd()) };

const findings = await preflight({
  azd,
  parameters,
  values,
  register: given.register,
  management: values['CAIRN_MANAGEMENT_URL'] || 'https://management.azure.com',
});
const lines = findings.map(
  ({ is, what, fix }) => `${is === 'missing' ? 'MISSING' : 'warning'}  ${what}\n         ${fix}`,
);
const count = findings.filter(({ is }) => is === 'missing').length;
const cost = count > 0 ? [] : costLines(withDefaults(parameters, values), listPrices);
const last = `preflight: ${count} missing, ${findings.length - count} warnings`;
process.stdout.write(`${[...lines, ...cost, last].join('\n')}\n`);
process.exitCode = count > 0 ? 1 : 0;
