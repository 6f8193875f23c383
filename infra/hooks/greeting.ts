import * as z from 'zod';
import type { Values } from './parameters.ts';

const notReady = z.object({
  dependencies: z.array(z.object({ name: z.string(), ready: z.boolean(), reason: z.string().optional() })),
});

/** Waits until the app at `url` is ready; else tells why it is not. Roles take minutes to be in force in Azure. */
export async function whenReady(
  url: string,
  { secondsMax, pauseSeconds }: { readonly secondsMax: number; readonly pauseSeconds: number },
): Promise<string | undefined> {
  const deadline = Date.now() + secondsMax * 1000;
  for (;;) {
    const why = await whyNotReady(url);
    if (why === undefined || Date.now() >= deadline) return why;
    await new Promise((resolve) => setTimeout(resolve, pauseSeconds * 1000));
  }
}

async function whyNotReady(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(30_000) });
    if (response.ok) return undefined;
    const body = notReady.safeParse(await response.json().catch(() => undefined));
    const reasons = body.data?.dependencies.filter(({ ready }) => !ready) ?? [];
    const said = reasons.map(({ name, reason = 'not ready' }) => `${name}: ${reason}`);
    return said.join('; ') || `HTTP ${response.status}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const claims = z.object({ oid: z.string(), tid: z.string() });

/** Who is signed in, as the app knows them: `entra:<tenant>/<object id>`. The token is azd's own, and is not verified. */
export function deployerOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { oid, tid } = claims.parse(JSON.parse(payload));
  return `entra:${tid}/${oid}`.toLowerCase();
}

/** Whether what is printed is kept by others, as the log of a pipeline is: then no token is made. */
export function isKept(values: Values): boolean {
  return ['CI', 'GITHUB_ACTIONS', 'TF_BUILD'].some((name) => /^(true|1)$/i.test(values[name] ?? ''));
}

/** What to do next, where there is a token. */
export function welcomeLines(url: string, token: string, minutes: number): string[] {
  return [
    '',
    `Cairn is ready at ${url}`,
    `Your token for the next ${minutes} minutes, shown this once: ${token}`,
    'The first run (pip install mlflow), in Python:',
    '',
    `import os, mlflow; os.environ["MLFLOW_TRACKING_TOKEN"] = "${token}"`,
    `mlflow.set_tracking_uri("${url}"); mlflow.set_experiment("first")`,
    'with mlflow.start_run(): mlflow.log_param("depth", 4); mlflow.log_metric("auc", 0.93)',
  ];
}
