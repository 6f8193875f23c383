import {
  monthlyCost,
  noTraffic,
  type Prices,
  type Shape,
  trafficDefault,
} from '../../scripts/cost/estimate.ts';
import type { Azd } from './azd.ts';
import { type Finding, missing } from './finding.ts';
import { findingsOfValues, type Parameter, type Values, withDefaults } from './parameters.ts';
import { restAt } from './rest.ts';
import { findingsOfSubscription } from './subscription.ts';

/** All that keeps the environment from being deployed, or should be known before. */
export async function preflight(of: {
  readonly azd: Pick<Azd, 'token'>;
  readonly parameters: readonly Parameter[];
  readonly values: Values;
  /** Where Azure Resource Manager is. */
  readonly management: string;
  readonly register?: boolean;
}): Promise<Finding[]> {
  const findings = findingsOfValues(of.parameters, of.values);
  const needed = ['AZURE_ENV_NAME', 'AZURE_SUBSCRIPTION_ID', 'AZURE_LOCATION'] as const;
  const absent = needed.filter((name) => !of.values[name]);
  findings.push(...absent.map((name) => missing(`${name} is not set.`, `azd env set ${name} <value>`)));
  const token = await of.azd.token(`${of.management}/.default`).catch(() => undefined);
  if (token === undefined) return [missing('Nobody is signed in.', 'azd auth login'), ...findings];
  if (absent.length > 0) return findings;
  const all = withDefaults(of.parameters, of.values);
  const plan = {
    subscription: of.values['AZURE_SUBSCRIPTION_ID'] ?? '',
    environment: of.values['AZURE_ENV_NAME'] ?? '',
    location: (of.values['AZURE_LOCATION'] ?? '').toLowerCase().replaceAll(' ', ''),
    nodeVersion: all['CAIRN_NODE_VERSION'] ?? '',
    zoneRedundant: all['CAIRN_ZONE_REDUNDANT'] === 'true',
    isPrivate: all['CAIRN_NETWORK'] === 'private',
    trains: Boolean(all['CAIRN_TRAINING_IMAGE']),
    hasBudget: Number(all['CAIRN_BUDGET_MONTHLY']) > 0,
    cosmosAccount: all['CAIRN_COSMOS_ACCOUNT'] ?? '',
  };
  const asked = await findingsOfSubscription(restAt(of.management, token), plan, {
    register: of.register ?? false,
  }).catch((error: Error) => [
    missing(`Azure Resource Manager did not answer as it should: ${error.message}`, 'Try again.'),
  ]);
  return [...findings, ...asked];
}

/** The shape that the values of an environment make, for an estimate. */
export function shapeOf(all: Readonly<Record<string, string>>): Shape {
  return {
    instanceMb: Number(all['CAIRN_INSTANCE_MB']),
    alwaysReady: Number(all['CAIRN_ALWAYS_READY']),
    capacity: all['CAIRN_COSMOS_CAPACITY'] === 'autoscale' ? 'autoscale' : 'serverless',
    requestUnitsMax: Number(all['CAIRN_COSMOS_RU_MAX']),
    network: all['CAIRN_NETWORK'] === 'private' ? 'private' : 'public',
    zoneRedundant: all['CAIRN_ZONE_REDUNDANT'] === 'true',
    alerts: Boolean(all['CAIRN_ALERT_EMAIL']),
  };
}

/** What a month will cost as it is about to be made: with nothing going on, and with what `make cost` takes for a small team. */
export function costLines(all: Readonly<Record<string, string>>, prices: Prices): string[] {
  const month = (traffic: typeof trafficDefault) =>
    monthlyCost(traffic, shapeOf(all), prices)
      .reduce((sum, { price }) => sum + price, 0)
      .toFixed(2);
  return [
    `A month costs about ${month(noTraffic)} ${prices.currency} while nothing happens, ${month(trafficDefault)} with a small team's work (list prices of ${prices.region}, ${prices.stated}; make cost reckons with yours).`,
  ];
}
