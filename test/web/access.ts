import { guardedServer, type GuardedServer } from '../access/support.ts';
import { openFront } from '../support/front.ts';
import { openBrowser, type WebBrowser } from './browser.ts';

/** A server that asks everyone to sign in, its pages, and a browser before them. */
export type Guarded = {
  readonly server: GuardedServer;
  readonly url: string;
  readonly browser: WebBrowser;
  /** A principal's token, and the role that they hold. */
  token(name: string, role?: Parameters<GuardedServer['person']>[1], inWorkspace?: string): Promise<string>;
  close(): Promise<void>;
};

export async function guarded(env: Readonly<Record<string, string>> = {}): Promise<Guarded> {
  const front = await openFront();
  const server = await guardedServer(env);
  front.serve(server);
  const browser = await openBrowser(front.url);
  return {
    server,
    url: front.url,
    browser,
    token: async (...person) => (await server.person(...person)).replace('Bearer ', ''),
    async close() {
      await browser.close();
      front.close();
      await server.close();
    },
  };
}
