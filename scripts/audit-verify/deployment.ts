import { checkpointsBlob, entriesBlob, linesOf } from '../../shared/audit/index.ts';
import type { PublicKey } from '../../shared/azure/index.ts';
import type { Opened } from './opened.ts';
import { Unusable } from './unusable.ts';

type SegmentPage = {
  readonly segments: readonly { readonly name: string }[];
  readonly next_page_token?: string;
};
type ChainState = { readonly head: { readonly seq: number } };
type KeyList = { readonly keys: readonly { readonly key_id: string; readonly pem: string }[] };

/** A deployment through its API; the token in the environment is that of an admin of all of it. */
export async function openDeployment(url: string): Promise<Opened> {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Unusable(`--url is '${url}'; give the address of a deployment.`);
  const token = process.env['CAIRN_TOKEN'];
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const get = async (path: string): Promise<Response | undefined> => {
    const response = await fetch(new URL(path, url), { headers }).catch((error: unknown) => {
      throw new Unusable(`${url} cannot be reached (${(error as Error).message}).`);
    });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    const hint =
      response.status === 401 || response.status === 403 ? '; set CAIRN_TOKEN to a token of an admin' : '';
    throw new Unusable(`${url} answered ${response.status} to GET ${path}${hint}.`);
  };
  const lines = async function* (name: string) {
    const response = await get(`/api/v1/audit/segments/${name}`);
    if (response?.body) yield* linesOf(response.body);
  };
  return {
    source: {
      async *segments() {
        let next = '';
        do {
          const response = await get(`/api/v1/audit/segments?order=oldest&max_results=1000${next}`);
          if (!response) throw new Unusable(`${url} has no audit log to be read.`);
          const page = (await response.json()) as SegmentPage;
          for (const { name } of page.segments) yield name;
          next = page.next_page_token ? `&page_token=${page.next_page_token}` : '';
        } while (next !== '');
      },
      entries: (segment) => lines(entriesBlob(segment)),
      checkpoints: (segment) => lines(checkpointsBlob(segment)),
    },
    async keys(): Promise<readonly PublicKey[]> {
      const list = (await (await get('/api/v1/signing-keys'))?.json()) as KeyList | undefined;
      return (list?.keys ?? []).map(({ key_id: keyId, pem }) => ({ keyId, pem }));
    },
    async lastSeq() {
      const state = (await (await get('/api/v1/audit/state'))?.json()) as ChainState | undefined;
      return state?.head.seq ?? 0;
    },
    close: () => Promise.resolve(),
  };
}
