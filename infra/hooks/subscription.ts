import * as z from 'zod';
import { type Finding, missing } from './finding.ts';
import { unread } from './answers.ts';
import { accountFindings, groupFindings, vaultFindings } from './names.ts';
import { region, runtime } from './region.ts';
import type { Rest } from './rest.ts';
import { rights } from './rights.ts';

/** What is to be deployed, as far as the subscription must allow it. */
export type Plan = {
  readonly subscription: string;
  readonly environment: string;
  /** As Azure spells regions: `westeurope`. */
  readonly location: string;
  readonly nodeVersion: string;
  readonly zoneRedundant: boolean;
  readonly isPrivate: boolean;
  readonly trains: boolean;
  readonly hasBudget: boolean;
  /** The account of metadata that is to be used; empty for the environment's own. */
  readonly cosmosAccount: string;
};

const provider = z.object({ registrationState: z.string() });

/** Namespaces of what the templates make, without those of every subscription. */
export function providersOf({
  isPrivate,
  trains,
  hasBudget,
}: Pick<Plan, 'isPrivate' | 'trains' | 'hasBudget'>): string[] {
  return [
    'Microsoft.Web',
    'Microsoft.Storage',
    'Microsoft.DocumentDB',
    'Microsoft.KeyVault',
    'Microsoft.ManagedIdentity',
    'Microsoft.EventGrid',
    'Microsoft.Insights',
    'Microsoft.OperationalInsights',
    ...(isPrivate ? ['Microsoft.Network'] : []),
    // The subnet of a Flex Consumption app is delegated to it, too.
    ...(isPrivate || trains ? ['Microsoft.App'] : []),
    ...(hasBudget ? ['Microsoft.Consumption'] : []),
  ];
}

/** Everything that keeps the subscription from taking the plan. Registers providers only where told to. */
export async function findingsOfSubscription(
  rest: Rest,
  plan: Plan,
  { register = false }: { readonly register?: boolean } = {},
): Promise<Finding[]> {
  const at = `/subscriptions/${plan.subscription}`;
  const found = await rest('GET', `${at}?api-version=2022-12-01`);
  if (found.status !== 200)
    return [
      missing(
        `Subscription ${plan.subscription} cannot be seen (HTTP ${found.status}) by whoever is signed in.`,
        'azd auth login, with the tenant of the subscription, or azd env set AZURE_SUBSCRIPTION_ID <id>',
      ),
    ];
  const findings = await Promise.all([
    rights(rest, at, plan),
    region(rest, at, plan),
    runtime(rest, plan),
    ...providersOf(plan).map((namespace) => registration(rest, at, namespace, register)),
    groupFindings(rest, at, plan),
    vaultFindings(rest, at, plan),
    accountFindings(rest, at, plan),
  ]);
  return [...stateFindings(found.body, plan), ...findings.flat()];
}

function stateFindings(body: unknown, { subscription }: Plan): Finding[] {
  const { state } = z.object({ state: z.string() }).parse(body);
  if (state === 'Enabled') return [];
  return [missing(`Subscription ${subscription} is ${state}.`, 'Enable it, or choose another.')];
}

async function registration(
  rest: Rest,
  at: string,
  namespace: string,
  register: boolean,
): Promise<Finding[]> {
  const path = `${at}/providers/${namespace}`;
  const answer = await rest('GET', `${path}?api-version=2021-04-01`);
  if (answer.status !== 200) return [unread(`whether ${namespace} is registered`, answer)];
  const { registrationState } = provider.parse(answer.body);
  if (registrationState === 'Registered') return [];
  const wait = 'It takes minutes; then go on.';
  if (registrationState === 'Registering') return [missing(`${namespace} is being registered.`, wait)];
  if (register) {
    const asked = await rest('POST', `${path}/register?api-version=2021-04-01`);
    if (asked.status === 200) return [missing(`${namespace} is being registered, as told.`, wait)];
  }
  return [
    missing(
      `The resource provider ${namespace} is ${registrationState}.`,
      `az provider register --namespace ${namespace}, or node infra/hooks/preflight.ts --register`,
    ),
  ];
}
