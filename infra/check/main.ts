/** `node infra/check/main.ts [--types DIR]`: proves what can be proved of the templates without Azure. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkInfra, readInfra } from './index.ts';
import { openTypes } from './types.ts';

const { values } = parseArgs({ options: { types: { type: 'string' } } });
const folder = values.types ?? process.env['CAIRN_AZURE_TYPES'];
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
