import type { Context } from '../../context.ts';
import { describedOf } from './described.ts';
import { exampleFor } from './example.ts';

/** Programs that call an endpoint, each whole as it is. */
export type Snippets = { readonly curl: string; readonly python: string; readonly typescript: string };

/** Where a token is taken from when a program runs: what MLflow's clients read, too. */
const tokenVariable = 'MLFLOW_TRACKING_TOKEN';

type Call = {
  readonly url: string;
  readonly body: unknown;
  /** Besides the content type, and the token where one is needed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly needsToken: boolean;
};

/**
 * The example of an endpoint as programs for a shell, Python (its standard library alone) and TypeScript, to be run
 * where `CAIRN_PUBLIC_URL` is reached. A deployment that is named is asked for by header. Throws as {@link describedOf}.
 */
export async function snippetsOf(ctx: Context, name: string, deployment?: string): Promise<Snippets> {
  const { invocations } = await exampleFor(ctx, await describedOf(ctx, name, deployment));
  const { inferenceUrl, auth } = ctx.settings;
  const call: Call = {
    url: `${inferenceUrl.replace(/\/+$/, '')}/endpoints/${name}/invocations`,
    body: invocations,
    headers: {
      ...(ctx.workspace === 'default' ? {} : { 'x-mlflow-workspace': ctx.workspace }),
      ...(deployment === undefined ? {} : { 'x-cairn-deployment': deployment }),
    },
    needsToken: auth === 'on',
  };
  return { curl: curl(call), python: python(call), typescript: typescript(call) };
}

/** The body comes by a here-document, in which a shell reads nothing. JSON of one line is never its end. */
function curl({ url, body, headers, needsToken }: Call): string {
  const lines = [
    `curl -sS ${url}`,
    `-H 'content-type: application/json'`,
    ...Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`),
    ...(needsToken ? [`-H "authorization: Bearer $${tokenVariable}"`] : []),
    `--data-binary @- <<'JSON'`,
  ];
  return `${lines.join(' \\\n  ')}\n${JSON.stringify(body)}\nJSON\n`;
}

function python({ url, body, headers, needsToken }: Call): string {
  const given = { 'content-type': 'application/json', ...headers };
  const entries = [
    ...Object.entries(given).map(([name, value]) => `${pythonLiteral(name)}: ${pythonLiteral(value)},`),
    ...(needsToken ? [`"authorization": "Bearer " + os.environ["${tokenVariable}"],`] : []),
  ];
  return `import json
${needsToken ? 'import os\n' : ''}import urllib.request

body = ${pythonLiteral(body)}
request = urllib.request.Request(
    ${pythonLiteral(url)},
    data=json.dumps(body).encode(),
    headers={
${entries.map((entry) => `        ${entry}`).join('\n')}
    },
)
with urllib.request.urlopen(request) as response:
    print(json.dumps(json.load(response)["predictions"]))
`;
}

function typescript({ url, body, headers, needsToken }: Call): string {
  const given = Object.entries({ 'content-type': 'application/json', ...headers });
  const entries = [
    ...given.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`),
    ...(needsToken ? [`authorization: \`Bearer \${process.env['${tokenVariable}']}\`,`] : []),
  ];
  return `const body = ${JSON.stringify(body)};
const response = await fetch(${JSON.stringify(url)}, {
  method: 'POST',
  headers: {
${entries.map((entry) => `    ${entry}`).join('\n')}
  },
  body: JSON.stringify(body),
});
if (!response.ok) throw new Error(await response.text());
const { predictions } = (await response.json()) as { predictions: unknown };
console.log(JSON.stringify(predictions));
`;
}

/** A JSON value as Python writes it; the escapes in JSON's texts are Python's as well. */
function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, each]) => `${JSON.stringify(key)}: ${pythonLiteral(each)}`,
  );
  return `{${entries.join(', ')}}`;
}
