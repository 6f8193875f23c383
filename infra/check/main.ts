/** `node infra/check/main.ts [--types DIR]`: proves what can be proved of the templates without Azure. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWith, optionsOf } from '../../scripts/command-line.ts';
import { checkInfra, readInfra } from './index.ts';
import { openTypes } from './types.ts';

const usage = `Usage: make check-infra [ARGS="--types DIR"]

Checks the templates of infra/ without Azure: names, modules and parameters, each body against Azure's types, and our
rules (who may do what, keys, networks, backups, logs, tags, settings).

  --types DIR  folder of bicep-types files, to hold resource bodies against (default: CAIRN_AZURE_TYPES, else
               ../shared/azure-types where that is there)

Ends with 1 where anything was found.`;
const root = fileURLToPath(new URL('../..', import.meta.url));
const { types } = optionsOf(usage, { types: { type: 'string' } });
const beside = join(root, '../shared/azure-types');
const folder = types ?? process.env['CAIRN_AZURE_TYPES'] ?? (existsSync(beside) ? beside : undefined);
const infra = await readInfra(root);
const described = folder
  ? await openTypes(folder).catch((error: Error) =>
      endWith(`${folder} is no folder of bicep-types files (it needs an index.json): ${error.message}`),
    )
  : undefined;
const findings = await checkInfra(infra, described);
const resources = infra.templates
  .flatMap((template) => template.resources)
  .filter(({ existing }) => !existing);

for (const { file, line, rule, message } of findings)
  process.stdout.write(`${file}:${line} [${rule}] ${message}\n`);
if (!folder)
  process.stdout.write(
    "NOT CHECKED: resource bodies against Azure's types. Give a folder of bicep-types files by --types DIR or CAIRN_AZURE_TYPES.\n",
  );
process.stdout.write(`infra: ${resources.length} resources, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
