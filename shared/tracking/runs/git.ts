import type { Texts } from '../model.ts';

/** The code that a run ran, as its MLflow client saw it. */
export type GitSource = {
  readonly commit: string;
  readonly branch?: string;
  /** Without the password that a URL may hold. */
  readonly repoUrl?: string;
  /** The page of the commit, where the host is a forge whose addresses are known. */
  readonly link?: string;
};

/** What the tags of a run (`mlflow.source.git.…`) say of its code; `undefined` where they name no commit. */
export function gitSourceOf(tags: Texts): GitSource | undefined {
  const commit = tags['mlflow.source.git.commit'];
  if (!commit) return undefined;
  const branch = tags['mlflow.source.git.branch'];
  const given = tags['mlflow.source.git.repoURL'];
  const link = given && linkOf(given, commit);
  return {
    commit,
    ...(branch ? { branch } : {}),
    ...(given ? { repoUrl: withoutPassword(given) } : {}),
    ...(link ? { link } : {}),
  };
}

/** How each forge addresses a commit of a repository. */
const forges: Readonly<Record<string, string>> = {
  'github.com': 'commit',
  'gitlab.com': '-/commit',
  'bitbucket.org': 'commits',
  'codeberg.org': 'commit',
  'dev.azure.com': 'commit',
};

/** The page of a commit; a repository may be named by `https`, `ssh`, or as `git@host:path`. */
function linkOf(repository: string, commit: string): string | undefined {
  if (!/^[0-9a-f]{7,64}$/i.test(commit)) return undefined;
  const [, host, path] =
    /^(?:(?:https?|ssh|git):\/\/)(?:[^@/]*@)?([^:/]+)(?::\d+)?\/(.+)$/.exec(repository) ??
    /^[^@/:]+@([^:/]+):(.+)$/.exec(repository) ??
    [];
  if (host === undefined || path === undefined) return undefined;
  const named = path.replace(/\/$/, '').replace(/\.git$/, '');
  const { forge, repo } = azureOf(host.toLowerCase(), named);
  const page = Object.hasOwn(forges, forge) ? forges[forge] : undefined;
  if (page === undefined || !/^[\w.~%/ -]+$/.test(repo) || repo.split('/').includes('..')) return undefined;
  return encodeURI(decoded(`https://${forge}/${repo}/${page}/${commit}`));
}

/** Azure Repos speaks SSH at a host of its own, where its paths differ: `v3/organisation/project/repository`. */
function azureOf(host: string, path: string): { forge: string; repo: string } {
  const [, organisation, project, name] = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (host !== 'ssh.dev.azure.com' || name === undefined) return { forge: host, repo: path };
  return { forge: 'dev.azure.com', repo: `${organisation}/${project}/_git/${name}` };
}

function decoded(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

function withoutPassword(repository: string): string {
  return repository.replace(/^(\w+:\/\/)[^@/]*@/, '$1');
}
