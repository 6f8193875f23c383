import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Route = { readonly status?: number; readonly body?: unknown };
export type Request = {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly prefer: string | undefined;
  readonly body: string;
};

/** A server on loopback that answers `METHOD path` (without its query) as `routes` has it at the time, and 404 else. */
export async function answering(routes: Map<string, Route | ((request: Request) => Route)>) {
  const asked: Request[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = (await request.toArray()).join('');
    const { method = '', url = '' } = request;
    const { authorization, prefer } = request.headers as Record<string, string | undefined>;
    const one: Request = { method, path: url, authorization, prefer, body };
    asked.push(one);
    const known = routes.get(`${method} ${url.split('?')[0]}`) ?? {
      status: 404,
      body: { error: { code: 'NotFound' } },
    };
    const route = typeof known === 'function' ? known(one) : known;
    response.writeHead(route.status ?? 200, { 'content-type': 'application/json' });
    response.end(route.body === undefined ? '' : JSON.stringify(route.body));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url, asked, close };
}

/** An `azd` to put before PATH: it gives `token`, or is signed out where there is none, and notes what is set. */
export async function fakeAzd(token?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-azd-'));
  const script = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const [, , ...args] = process.argv;
const [command, verb] = args;
if (command === 'auth' && verb === 'token') {
  if (!process.env.FAKE_AZD_TOKEN) { console.error('ERROR: not logged in, run azd auth login to login'); process.exit(1); }
  console.log(JSON.stringify({ token: process.env.FAKE_AZD_TOKEN, expiresOn: '2030-01-01T00:00:00Z' }));
} else if (command === 'env' && verb === 'get-values') console.log('{}');
else if (command === 'env' && verb === 'set') appendFileSync(${JSON.stringify(join(folder, 'set'))}, args.slice(2).join('=') + '\\n');
else process.exit(2);
`;
  const file = join(folder, 'azd');
  await writeFile(file, script);
  await chmod(file, 0o755);
  const env = {
    PATH: `${folder}${delimiter}${process.env['PATH']}`,
    ...(token === undefined ? {} : { FAKE_AZD_TOKEN: token }),
  };
  return { env, set: join(folder, 'set'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a hook as azd does, in a process of its own. */
export function ran(hook: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const file = fileURLToPath(new URL(hook, import.meta.url));
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(
      process.execPath,
      [file, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }),
    );
  });
}
