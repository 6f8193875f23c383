import type { Finding } from './finding.ts';
import type { Template } from './template.ts';

/** How keys are read of resources. An output is kept by Azure in plain text, in the history of deployments. */
const keyed = /\.list\w*\(|ConnectionString|InstrumentationKey|(?:primary|secondary)\w*Key|\.getSecret\(/i;
/** Names of parameters that hold a secret, not the name or the place of one. */
const secretName = /(?:password|secret|apiKey|accessKey|accountKey|privateKey|connectionString)$/i;
const notSecret = /(?:KeySecret|SecretName)$/;

/** Secrets where others can read them: in outputs, and in parameters that are logged. */
export function checkSecrets(template: Template): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, message: string) =>
    findings.push({ file: template.file, line, rule: 'secret', message });
  const secure = template.parameters
    .filter(({ decorators }) => decorators.has('secure'))
    .map(({ name }) => name);
  for (const { name, line } of template.parameters)
    if (secretName.test(name) && !notSecret.test(name) && !secure.includes(name))
      report(line, `'${name}' is a secret by its name, and lacks @secure()`);
  for (const { name, line, value } of template.outputs) {
    const source = throughVariables(value.source, template);
    const read = new Set(namesIn(source));
    const leaked = secure.find((each) => read.has(each));
    if (leaked !== undefined) report(line, `the output '${name}' would show the secret '${leaked}'`);
    if (keyed.test(source)) report(line, `the output '${name}' would show a key`);
  }
  return findings;
}

const namesIn = (source: string): readonly string[] => source.match(/(?<![\w.'])[A-Za-z_]\w*/g) ?? [];

/** The source of a value, and of the variables that it is made of. */
function throughVariables(source: string, template: Template): string {
  const sources = new Set([source]);
  for (const one of sources)
    for (const { name, value } of template.variables)
      if (namesIn(one).includes(name)) sources.add(value.source);
  return [...sources].join('\n');
}
