import * as z from 'zod';
import { type Finding, missing, warning } from './finding.ts';
import { listed, unread } from './answers.ts';
import type { Rest } from './rest.ts';
import type { Plan } from './subscription.ts';

const permissions = z.object({
  value: z.array(
    z.object({
      actions: z.array(z.string()).default([]),
      notActions: z.array(z.string()).default([]),
      condition: z.string().nullish(),
    }),
  ),
});
export type Permissions = z.infer<typeof permissions>['value'];

/** Whether a role that holds grants an action: by its actions, less its notActions. Case does not count. */
export function allows(held: Permissions, action: string): boolean {
  return held.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      !notActions.some((pattern) => matches(pattern, action)),
  );
}

function matches(pattern: string, action: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[.\\/[\](){}+?^$|]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 'i').test(action);
}

/** What whoever deploys may not do, and must. */
export async function rights(rest: Rest, at: string, { trains }: Plan): Promise<Finding[]> {
  const answer = await listed(
    rest,
    `${at}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
  );
  if (answer.status !== 200) return [unread('what you may do in the subscription', answer)];
  const held = permissions.parse(answer.body).value;
  const needed: [action: string, what: string, role: string][] = [
    ['Microsoft.Resources/subscriptions/resourceGroups/write', 'make resource groups', 'Contributor'],
    ['Microsoft.Resources/deployments/write', 'deploy', 'Contributor'],
    [
      'Microsoft.Authorization/roleAssignments/write',
      'assign roles, by which the app reaches its stores',
      'Role Based Access Control Administrator',
    ],
    ...(trains
      ? [
          [
            'Microsoft.Authorization/roleDefinitions/write',
            'define the role by which the app starts trainings',
            'User Access Administrator',
          ] as [string, string, string],
        ]
      : []),
  ];
  const lacking = needed
    .filter(([action]) => !allows(held, action))
    .map(([action, what, role]) =>
      missing(
        `You may not ${what} in the subscription (${action}).`,
        `An owner gives you the role ${role} on it.`,
      ),
    );
  const onlyConditionally =
    lacking.length === 0 &&
    !allows(
      held.filter(({ condition }) => !condition),
      'Microsoft.Authorization/roleAssignments/write',
    );
  if (!onlyConditionally) return lacking;
  return [
    warning(
      'You may assign roles under a condition, which is not looked into.',
      'See that it allows the roles in infra/modules/access.bicep.',
    ),
  ];
}
