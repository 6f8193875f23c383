/** `node infra/check/main.ts [--types DIR]`: proves what can be proved of the templates without Azure. */
import { fileURLToPath } from 'node:url';
import { optionsOf } from '../../scripts/command-line.ts';
import { checkInfra, readInfra } from './index.ts';
import { openTypes } from './types.ts';

const usage = `Usage: node infra/check/main.ts [--types DIR]

  --types DIR  folder of bicep-types files, to hold resource bodies against (default: CAIRN_AZURE_TYPES)

Ends with 1 where anything was found.`;
const { types } = optionsOf(usage, { types: { type: 'string' } });
const folder = types ?? process.env['CAIRN_AZURE_TYPES'];
const templates = await readInfra(fileURLToPath(new URL('../..', import.meta.url)));
const findings = await checkInfra(templates, folder ? await openTypes(folder) : undefined);
const resources = templates.flatMap((template) => template.resources).filter(({ existing }) => !existing);

for (const { file, line, rule, message } of findings)
  process.stdout.write(`${file}:${line} [${rule}] ${message}\n`);
if (!folder)
  process.stdout.write(
    "NOT CHECKED: resource bodies against Azure's types. Give a folder of bicep-types files by --types DIR or CAIRN_AZURE_TYPES.\n",
  );
process.stdout.write(`infra: ${resources.length} resources, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
