import { CosmosError } from '../errors.ts';
import { isObject, type Json } from '../query/values.ts';

export type CompositePath = { path: string; order: 'ascending' | 'descending' };

/** The parts of a container's indexing policy that this emulator acts on. */
export type IndexingPolicy = {
  indexingMode: 'consistent' | 'none';
  automatic: boolean;
  includedPaths: { path: string }[];
  excludedPaths: { path: string }[];
  compositeIndexes?: CompositePath[][];
};

/** What a container has when it is created without a policy. */
export const DEFAULT_INDEXING_POLICY: IndexingPolicy = {
  indexingMode: 'consistent',
  automatic: true,
  includedPaths: [{ path: '/*' }],
  excludedPaths: [{ path: '/"_etag"/?' }],
};

/** Where in the tree of policy paths a value stands: what holds for it, and what is said about its parts. */
export type PolicyNode = {
  /** `/a/?`: whether the value at exactly this path is indexed. */
  leaf: boolean | undefined;
  /** `/a/*`: whether the values under this path are indexed where nothing closer says otherwise. */
  below: boolean | undefined;
  children: Map<string, PolicyNode>;
};

/** The name that stands for "each element of the array" in a path. */
export const ELEMENT = '[]';

/**
 * Reads a policy as the service does: the most precise path wins.
 *
 * @throws CosmosError 400 for a path that cannot be read or a kind of index that is not supported
 */
export function compilePolicy(policy: IndexingPolicy): PolicyNode {
  const root: PolicyNode = { leaf: undefined, below: undefined, children: new Map() };
  if (policy.indexingMode === 'none') return root;
  for (const { path } of policy.includedPaths) mark(root, path, true);
  for (const { path } of policy.excludedPaths) mark(root, path, false);
  return root;
}

/** Checks and completes the policy of a request body. */
export function parsePolicy(input: unknown): IndexingPolicy {
  if (input === undefined) return DEFAULT_INDEXING_POLICY;
  if (!isObject(input)) throw new CosmosError(400, 'indexingPolicy must be an object.');
  for (const kind of ['spatialIndexes', 'vectorIndexes', 'fullTextIndexes']) {
    const list = input[kind];
    if (Array.isArray(list) && list.length > 0) {
      throw new CosmosError(400, `indexingPolicy.${kind} is not supported by this emulator.`);
    }
  }
  const { indexingMode = 'consistent' } = input;
  const mode = typeof indexingMode === 'string' ? indexingMode.toLowerCase() : undefined;
  if (mode !== 'consistent' && mode !== 'none') {
    throw new CosmosError(400, 'indexingPolicy.indexingMode must be consistent or none.');
  }
  const excludedPaths = paths(input['excludedPaths'], 'excludedPaths');
  const includedPaths = paths(input['includedPaths'], 'includedPaths');
  const all = [...includedPaths, ...excludedPaths].map(({ path }) => path);
  if (mode === 'consistent' && !all.includes('/*')) {
    // The service asks for the root path in one of the two lists, and includes it where neither list has anything.
    if (all.length > 0)
      throw new CosmosError(400, "indexingPolicy must include or exclude the root path '/*'.");
    includedPaths.push({ path: '/*' });
  }
  if (!all.some((path) => path === '/"_etag"/?' || path === '/_etag/?'))
    excludedPaths.push({ path: '/"_etag"/?' });
  const composite = compositeIndexes(input['compositeIndexes']);
  return {
    indexingMode: mode,
    automatic: input['automatic'] !== false,
    includedPaths,
    excludedPaths,
    ...(composite.length > 0 && { compositeIndexes: composite }),
  };
}

/** `/a/"b c"/[]/?` as names; the ending `?` or `*` is the last name. */
export function policyPath(path: string): string[] {
  const names = path.match(/"(?:[^"\\]|\\.)*"|[^/]+/g);
  if (!path.startsWith('/') || !names) throw new CosmosError(400, `'${path}' is not an index path.`);
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1) : name));
}

function mark(root: PolicyNode, path: string, included: boolean): void {
  const names = policyPath(path);
  const ending = names.pop();
  if (ending !== '?' && ending !== '*')
    throw new CosmosError(400, `The index path '${path}' must end in /? or /*.`);
  let node = root;
  for (const name of names) {
    let child = node.children.get(name);
    if (!child) {
      child = { leaf: undefined, below: undefined, children: new Map() };
      node.children.set(name, child);
    }
    node = child;
  }
  if (ending === '?') node.leaf = included;
  else node.below = included;
}

function paths(input: Json | undefined, field: string): { path: string }[] {
  if (input === undefined) return [];
  if (!Array.isArray(input)) throw new CosmosError(400, `indexingPolicy.${field} must be an array.`);
  return input.map((entry) => {
    if (!isObject(entry) || typeof entry['path'] !== 'string') {
      throw new CosmosError(400, `Each entry of indexingPolicy.${field} needs a path.`);
    }
    return { path: entry['path'] };
  });
}

function compositeIndexes(input: Json | undefined): CompositePath[][] {
  if (input === undefined) return [];
  if (!Array.isArray(input)) throw new CosmosError(400, 'indexingPolicy.compositeIndexes must be an array.');
  return input.map((index) => {
    if (!Array.isArray(index) || index.length < 2) {
      throw new CosmosError(400, 'A composite index needs at least two paths.');
    }
    return index.map((entry): CompositePath => {
      if (!isObject(entry) || typeof entry['path'] !== 'string' || /[*?]$|\[\]/.test(entry['path'])) {
        throw new CosmosError(400, 'A composite index path names one property, without /?, /* or /[].');
      }
      const order = entry['order'] ?? 'ascending';
      if (order !== 'ascending' && order !== 'descending') {
        throw new CosmosError(400, 'The order of a composite index path is ascending or descending.');
      }
      return { path: entry['path'], order };
    });
  });
}
