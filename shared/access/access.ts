import type { Role } from './role.ts';

/** What rules can be about, beside whole workspaces. Runs, files and logged models go with their experiment; versions and promotions with their model; monitors and predictions with their endpoint; batch jobs with either. */
export const resourceTypes = ['experiment', 'model', 'endpoint'] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** One thing a rule can be about. `id` is the experiment id, the model id (never its name), or the endpoint's name. */
export type Resource = { readonly type: ResourceType; readonly id: string };

/** Which resources of one type a list may show: all but some, or some only. A query takes it as a predicate. */
export type Visible =
  | { readonly all: true; readonly except: readonly string[] }
  | { readonly all: false; readonly only: readonly string[] };

/** What one caller may do in one workspace. Everything is decided in memory. */
export type Access = {
  /** The role in the whole workspace; `undefined` where there is none, or only for single resources. */
  readonly role: Role | undefined;
  /** Whether the role in the workspace is all there is to know: no rule is about a single resource. */
  readonly isPlain: boolean;
  /** Whether they hold any role here, be it over a single resource: to others the workspace is not there. */
  readonly isMember: boolean;
  /** The role in every workspace, which what belongs to none asks for. */
  readonly inDeployment: Role | undefined;
  /** Whether the caller holds `role` over `resource`, or over the workspace where none is named. */
  may(role: Role, resource?: Resource): boolean;
  /** Throws `forbidden`, in words that say which role is missing where, unless {@link Access.may}. */
  require(role: Role, resource?: Resource): void;
  /** Whether there is any resource of this type over which the caller holds `role`. */
  mayAny(role: Role, type: ResourceType): boolean;
  /** The resources of a type over which the caller holds `role`, viewer unless said otherwise. */
  visible(type: ResourceType, role?: Role): Visible;
};

/** Of the platform itself, and of everyone where nobody signs in. */
export const fullAccess: Access = {
  role: 'admin',
  isPlain: true,
  isMember: true,
  inDeployment: 'admin',
  may: () => true,
  require: () => undefined,
  mayAny: () => true,
  visible: () => ({ all: true, except: [] }),
};

/** Whether a resource is among those that are visible. */
export function isVisible(visible: Visible, id: string): boolean {
  return visible.all ? !visible.except.includes(id) : visible.only.includes(id);
}
