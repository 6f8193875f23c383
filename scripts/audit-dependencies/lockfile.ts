/** What `package-lock.json` says of one package. https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
type Package = {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};
export type Lockfile = { readonly packages: Readonly<Record<string, Package>> };

/** Licences under which others may use, change and pass on what ships. */
const licences = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  '(MIT OR CC0-1.0)',
]);
/** Shipped packages whose licence stands in their files and not in their description. */
const licensedElsewhere = new Set(['node_modules/semaphore']);
/** Their scripts do not run (`ignore-scripts`), and are not needed. */
const withInstallScript = new Set([
  'node_modules/esbuild',
  'node_modules/onnxruntime-node',
  'node_modules/tree-sitter-bicep',
]);

/** What is wrong with a lockfile, a line each: what could be exchanged, what may not be shipped, what runs when it is installed. */
export function problemsOf({ packages }: Lockfile): string[] {
  const { '': own = {}, ...others } = packages;
  const ranges = Object.entries({ ...own.dependencies, ...own.devDependencies }).filter(
    ([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range),
  );
  return [
    ...ranges.map(([name, range]) => `${name} is not pinned: '${range}'.`),
    ...Object.entries(others).flatMap(([path, each]) => problemsOfOne(path, each)),
  ];
}

function problemsOfOne(
  path: string,
  { integrity, resolved, license, dev, link, deprecated, hasInstallScript }: Package,
): string[] {
  const found: string[] = [];
  if (link) found.push(`${path} is a link, not a package of the registry.`);
  if (!integrity?.startsWith('sha512-'))
    found.push(`${path} has no SHA-512 by which it could be known again.`);
  if (resolved !== undefined) found.push(`${path} is bound to an address: ${new URL(resolved).host}.`);
  if (deprecated !== undefined) found.push(`${path} is deprecated: ${deprecated}`);
  if (hasInstallScript && !withInstallScript.has(path))
    found.push(`${path} has an install script; say why it may.`);
  if (!dev && !licences.has(license ?? '') && !licensedElsewhere.has(path))
    found.push(`${path} ships under '${license ?? 'no licence'}', which is not on the list.`);
  return found;
}

type Report = {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
};

/** The advisories in the answer of `npm audit --json`: those that are high or critical, a line each, and the number of others. */
export function advisoriesIn(answer: string): { grave: string[]; mild: number } | undefined {
  const { vulnerabilities } = JSON.parse(answer || '{}') as Report;
  if (!vulnerabilities) return undefined;
  const all = Object.entries(vulnerabilities);
  const grave = all.filter(([, { severity }]) => severity === 'high' || severity === 'critical');
  return {
    grave: grave.map(
      ([name, { severity, range }]) => `${name} ${range} has a known vulnerability: ${severity}.`,
    ),
    mild: all.length - grave.length,
  };
}
