import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';

const run = promisify(execFile);

/** The environment of azd: its values, and tokens of whoever is signed in. */
export type Azd = {
  /** An access token for a scope such as `https://management.azure.com/.default`. Throws where nobody is signed in. */
  token(scope: string): Promise<string>;
  values(): Promise<Record<string, string>>;
  set(name: string, value: string): Promise<void>;
};

// As cli/azd/pkg/contracts/auth_token.go and cli/azd/cmd/env.go of github.com/Azure/azure-dev write them.
const tokenAnswer = z.object({ token: z.string().min(1) });
const valuesAnswer = z.record(z.string(), z.string());

/** The `azd` of PATH. Nothing goes through a shell, and no secret is among the arguments. */
export const azd: Azd = {
  async token(scope) {
    const { stdout } = await call('auth', 'token', '--output', 'json', '--scope', scope);
    return tokenAnswer.parse(JSON.parse(stdout)).token;
  },
  async values() {
    const { stdout } = await call('env', 'get-values', '--output', 'json');
    return valuesAnswer.parse(JSON.parse(stdout));
  },
  async set(name, value) {
    await call('env', 'set', name, value);
  },
};

/** @throws Error that says what azd says, without its values. */
async function call(...args: string[]) {
  try {
    return await run('azd', args, { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { code, stderr, message } = error as Error & { code?: unknown; stderr?: string };
    const why =
      code === 'ENOENT'
        ? 'azd is not on the PATH: https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd'
        : `azd ${args.slice(0, 2).join(' ')}: ${stderr?.trim() || message}`;
    throw new Error(why, { cause: error });
  }
}
