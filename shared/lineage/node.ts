import { createHash } from 'node:crypto';
import { CairnError } from '../http/index.ts';
import { type GitSource, gitSourceOf } from '../tracking/index.ts';

/** What the graph consists of. A node's id is its kind, a colon, and what names it among its kind. */
export const nodeKinds = [
  'code',
  'dataset',
  'run',
  'logged-model',
  'version',
  'endpoint',
  'batch-job',
  'file',
  'retraining',
  'openlineage-job',
  'openlineage-run',
  'openlineage-dataset',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** `<kind>:<name>`, such as `run:<run id>` or `version:<model id>/<number>`. */
export type NodeId = `${NodeKind}:${string}`;

/** A node id is part of a partition key, which has room for 2048 bytes. */
export const nodeIdBytesMax = 1500;

export function nodeId(kind: NodeKind, name: string): NodeId {
  return `${kind}:${name}`;
}

/** The kind of a node and its name among its kind. */
export function partsOf(id: NodeId): { readonly kind: NodeKind; readonly name: string } {
  const colon = id.indexOf(':');
  return { kind: id.slice(0, colon) as NodeKind, name: id.slice(colon + 1) };
}

/** The node id in a caller's text. Throws `invalid` for a kind that there is not and for a name that is none. */
export function parseNodeId(text: string): NodeId {
  const [, kind = '', name = ''] = /^([a-z-]+):(.+)$/s.exec(text) ?? [];
  if (!(nodeKinds as readonly string[]).includes(kind))
    throw new CairnError(
      'invalid',
      `Invalid node '${text.slice(0, 100)}'; name it as <kind>:<id>, of one of the kinds ${nodeKinds.join(', ')}.`,
      { field: 'node' },
    );
  if (Buffer.byteLength(text) > nodeIdBytesMax)
    throw new CairnError('invalid', `The node id is over ${nodeIdBytesMax} bytes.`, { field: 'node' });
  if (kind === 'version' && !versionIn(name))
    throw new CairnError(
      'invalid',
      `Invalid node '${text.slice(0, 100)}'; name a version as version:<model id or name>/<number>.`,
      { field: 'node' },
    );
  return text as NodeId;
}

export function versionNode(modelId: string, version: number): NodeId {
  return nodeId('version', `${modelId}/${version}`);
}

/** The model and the number in the name of a version; `undefined` where it is none. */
export function versionIn(name: string): { readonly model: string; readonly version: number } | undefined {
  const [, model, number] = /^(.+)\/(\d{1,9})$/s.exec(name) ?? [];
  return model === undefined ? undefined : { model, version: Number(number) };
}

const digestCharsMax = 200;

/** A dataset is what it contains: the same digest is the same dataset. One without a digest is where it lies. */
export function datasetNode({ digest, uri }: { digest?: string | undefined; uri: string }): NodeId {
  if (digest && digest.length <= digestCharsMax) return nodeId('dataset', digest);
  return nodeId('dataset', `uri-${createHash('sha256').update(uri).digest('hex').slice(0, 32)}`);
}

/** A file in one of the platform's blob containers. */
export function fileNode(container: string, path: string): NodeId {
  return nodeId('file', `${container}/${path}`);
}

/** A commit, the same however its repository is written; `undefined` where its name is too long for a node. */
export function codeNode(source: GitSource): NodeId | undefined {
  const id = nodeId('code', `${repositoryOf(source)}@${source.commit}`);
  return Buffer.byteLength(id) > nodeIdBytesMax ? undefined : id;
}

/** The repository, commit and page in the name of a code node. */
export function codeIn(name: string): { repository: string; commit: string; link?: string | undefined } {
  const at = name.lastIndexOf('@');
  const [repository, commit] = [name.slice(0, at), name.slice(at + 1)];
  const source = gitSourceOf({
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.repoURL': `https://${repository}`,
  });
  return { repository, commit, link: source?.link };
}

/** `host/path` of a repository; what is no URL stays as it is, and one that is not known is empty. */
function repositoryOf({ repoUrl = '', link }: GitSource): string {
  if (link) return decodeURI(link.replace(/^https:\/\//, '').replace(/(\/-)?\/commits?\/[0-9a-f]+$/i, ''));
  const [, host, path] =
    /^[a-z+]+:\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/i.exec(repoUrl) ?? /^[^@/:]+@([^:/]+):(.+)$/.exec(repoUrl) ?? [];
  const named = host === undefined ? repoUrl : `${host.toLowerCase()}/${path}`;
  return named.replace(/\/$/, '').replace(/\.git$/, '');
}
