import type { Finding } from './finding.ts';
import { whyNot } from './modules.ts';
import type { Parameter, Template, Value } from './template.ts';

const file = 'infra/main.parameters.json';

/** The parameter file of azd against the parameters of main.bicep: names, and what stands where nobody gives another. */
export function checkParameters(main: Template, text: string): Finding[] {
  const findings: Finding[] = [];
  const report = (name: string, message: string) => {
    const line = text.slice(0, Math.max(0, text.indexOf(`"${name}"`))).split('\n').length;
    findings.push({ file, line, rule: 'parameter', message });
  };
  const { parameters: given } = JSON.parse(text) as { parameters: Record<string, { value: unknown }> };
  for (const [name, { value }] of Object.entries(given)) {
    const parameter = main.parameters.find((one) => one.name === name);
    if (!parameter) {
      report(name, `main.bicep has no parameter '${name}'`);
      continue;
    }
    // `${VARIABLE=default}`; without a default azd asks, or fails.
    const initial = typeof value === 'string' ? /^\$\{\w+=(.*)\}$/s.exec(value)?.[1] : undefined;
    if (initial === undefined) continue;
    const literal = literalOf(initial, parameter);
    const why = whyNot(literal, parameter);
    if (why !== undefined) report(name, `'${name}' must be ${why}`);
    const own = parameter.default;
    if (own && own.kind === literal.kind && own.source !== literal.source)
      report(name, `'${name}' is ${literal.source} here and ${own.source} in main.bicep`);
  }
  for (const { name, required } of main.parameters)
    if (required && !Object.hasOwn(given, name)) report(name, `main.bicep needs the parameter '${name}'`);
  return findings;
}

/** The text of a variable as azd hands it on, by the type of the parameter. */
function literalOf(text: string, { type }: Parameter): Value {
  const at = { line: 1, source: text };
  if (type === 'int' && /^-?\d+$/.test(text)) return { kind: 'number', ...at, number: Number(text) };
  if (type === 'bool' && /^(true|false)$/.test(text))
    return { kind: 'boolean', ...at, boolean: text === 'true' };
  return { kind: 'string', line: 1, source: `'${text}'`, text };
}
