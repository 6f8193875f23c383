import { covers, type ResourceType, type Role } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import {
  type Call,
  CairnError,
  hides,
  type Input,
  type Reference,
  type Route,
  type Scope,
} from '../../shared/http/index.ts';
import { inTurns } from '../../shared/turns.ts';
import { type Located, locators } from './guard/locate.ts';
import { textsAt } from './guard/texts.ts';

/** Names of one input that are looked up at the same time. */
const locatedAtOnceMax = 8;

/**
 * Answers a call: the one way to a handler. First whoever lacks the route's role whatever they name is refused,
 * before their body is read; then the input is read, and the role asked for on what it names; the handler gets
 * that very input. What the caller may not see is to them as what is not there: `not-found` in the same words to
 * who has the role in the workspace, `forbidden` to all others.
 */
export async function perform(ctx: Context, route: Route, call: Call): Promise<Response> {
  admit(ctx, route);
  const input = route.read ? await route.read(call) : call.params;
  await authorize(ctx, route, input);
  return route.handle(reasoned(ctx, input), call, input);
}

/** The context with the reason that the input gives, where it gives one. */
function reasoned(ctx: Context, { reason }: Input): Context {
  return typeof reason === 'string' && reason !== '' ? { ...ctx, reason } : ctx;
}

/** Refuses who could not call the route whatever the input names. */
function admit({ access, workspace }: Context, { role, scope = 'workspace' }: Route): void {
  if (role === 'public' || role === 'signed-in') return;
  if (scope === 'deployment') {
    if (covers(access.inDeployment, role)) return;
    throw new CairnError('forbidden', `This needs the role ${role} in the whole deployment.`);
  }
  if (access.may(role) || typesOf(scope).some((type) => access.mayAny(role, type))) return;
  throw new CairnError('forbidden', `This needs the role ${role} in workspace '${workspace}'.`);
}

/** The types of resource on which the route's own role would do, in place of that role in the workspace. */
function typesOf(scope: Exclude<Scope, 'deployment'>): readonly ResourceType[] {
  if (scope === 'workspace') return [];
  if ('among' in scope) return scope.among;
  return scope.inWorkspace
    ? []
    : scope.on.flatMap((reference) => (reference.role === undefined ? locators[reference.names].types : []));
}

/** Refuses an admitted call unless the caller has the role on all that the input names. */
async function authorize(ctx: Context, { role, scope }: Route, input: Input): Promise<void> {
  if (role === 'public' || role === 'signed-in' || typeof scope !== 'object' || 'among' in scope) return;
  const { access } = ctx;
  // Where no rule is about a single thing there is nothing to look up: `admit` has asked for all there is.
  if (access.isPlain) return;
  const named = scope.on.map((reference) => ({ reference, texts: textsAt(input, reference.field) }));
  const isNamed = named.some(({ reference, texts }) => reference.role === undefined && texts.length > 0);
  if ((scope.inWorkspace || !isNamed) && !access.may(role))
    throw new CairnError('forbidden', `This needs the role ${role} in workspace '${ctx.workspace}'.`);
  for (const { reference, texts } of named) {
    const needed = reference.role ?? role;
    const { types, reads, locate } = locators[reference.names];
    if (reads && types.every((type) => mayOnAll(ctx, needed, type))) continue;
    const located = await inTurns(texts, locatedAtOnceMax, async (text) => locate(ctx, text));
    located.forEach((each, i) => {
      if (mayOn(ctx, needed, each)) return;
      const words = unknown(reference, input, texts[i] ?? '');
      throw words && access.may(needed) && !mayOn(ctx, 'viewer', each)
        ? hides(words)
        : refusal(reference, needed);
    });
  }
}

/** Whether the caller holds a role on what a text names. Of what is not there the role in the workspace decides. */
function mayOn(ctx: Context, role: Role, located: Located): boolean {
  const { access } = ctx;
  switch (located) {
    case 'nothing':
      return access.may(role);
    case 'anything':
      return mayOnAll(ctx, role, 'experiment');
    default:
      return located.every((resource) => access.may(role, resource));
  }
}

function mayOnAll({ access }: Context, role: Role, type: ResourceType): boolean {
  const visible = access.visible(type, role);
  return visible.all && visible.except.length === 0;
}

/** What a caller is told of what they may not see, who would be told that there is no such thing where there is none. */
function unknown({ unknown: words, names }: Reference, input: Input, text: string): CairnError | undefined {
  return words?.(input) ?? locators[names].unknown?.(text);
}

function refusal({ field, names }: Reference, role: Role): CairnError {
  return new CairnError(
    'forbidden',
    `This needs the role ${role} on the ${locators[names].types.join(' or ')} that ${field} names or belongs to.`,
    { field },
  );
}
