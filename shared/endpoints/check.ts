import { CairnError } from '../http/index.ts';
import type { Endpoint, Shares } from './endpoint.ts';

const deploymentsMax = 20;
const mirrorPercentMax = 50;
/** As much as shares such as 33.3 miss 100 by when they are added up. */
const roundingMax = 1e-9;

/**
 * What has to fit together of an endpoint, whichever of its fields were changed. Throws `invalid` with the field
 * (`traffic.blue`) and the fix.
 */
export function checkEndpoint({
  deployments,
  traffic,
  mirror,
}: Pick<Endpoint, 'deployments' | 'traffic' | 'mirror'>): void {
  const names = deployments.map(({ name }) => name);
  checkNames(names);
  for (const [field, shares] of Object.entries({ traffic, mirror })) checkShares(field, shares, names);
  const percent = sumOf(traffic);
  if (percent !== 0 && Math.abs(percent - 100) > roundingMax)
    throw invalid(
      'traffic',
      `The shares of 'traffic' sum to ${rounded(percent)}; make them sum to 100, or all 0 to take no calls.`,
    );
  if (sumOf(mirror) > mirrorPercentMax + roundingMax)
    throw invalid(
      'mirror',
      `The shares of 'mirror' sum to ${rounded(sumOf(mirror))}; at most ${mirrorPercentMax} % of the calls are copied.`,
    );
  const far = deployments.find(({ kind, name }) => kind === 'external' && (mirror[name] ?? 0) > 0)?.name;
  if (far !== undefined)
    throw invalid(
      `mirror.${far}`,
      `Deployment '${far}' is elsewhere, and calls are copied to registered models only; set its share of 'mirror' to 0, or give it one of 'traffic'.`,
    );
  const both = names.find((name) => (traffic[name] ?? 0) > 0 && (mirror[name] ?? 0) > 0);
  if (both !== undefined)
    throw invalid(
      `mirror.${both}`,
      `Deployment '${both}' gets ${traffic[both]} % of the calls, so it cannot get copies of them, too; set one of the two to 0.`,
    );
}

/** The names of the deployments of an endpoint: one at least, not too many, and no two the same. */
export function checkNames(names: readonly string[]): void {
  if (names.length === 0 || names.length > deploymentsMax)
    throw invalid(
      'deployments',
      `An endpoint has 1 to ${deploymentsMax} deployments; these are ${names.length}.`,
    );
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (twice >= 0)
    throw invalid(
      `deployments[${twice}].name`,
      `Two deployments are named '${names[twice]}'; give each a name of its own.`,
    );
}

function checkShares(field: string, shares: Shares, names: readonly string[]): void {
  const unknown = Object.keys(shares).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw invalid(
    `${field}.${unknown}`,
    `There is no deployment '${unknown}' to give a share to; there is ${names.map((name) => `'${name}'`).join(', ')}.`,
  );
}

function sumOf(shares: Shares): number {
  return Object.values(shares).reduce((sum, share) => sum + share, 0);
}

function rounded(percent: number): number {
  return Number(percent.toPrecision(12));
}

function invalid(field: string, message: string): CairnError {
  return new CairnError('invalid', message, { field });
}
