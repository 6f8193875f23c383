import type { Context } from '../../shared/context.ts';
import { CairnError } from '../../shared/http/index.ts';

/** A context whose n-th call of documents fails: before it is made, or after it was made and before that is known. */
export function failing(ctx: Context, nth: number, when: 'before' | 'after') {
  let calls = 0;
  const { documents } = ctx.stores;
  const unavailable = () => new CairnError('unavailable', 'The store does not answer.');
  const guard = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          const isStruck = ++calls === nth;
          if (isStruck && when === 'before') throw unavailable();
          const result: unknown = await Reflect.apply(member, target, given);
          if (isStruck) throw unavailable();
          return result;
        };
      },
    });
  const guarded = Object.assign((name: Parameters<typeof documents>[0]) => guard(documents(name)), documents);
  return { ctx: { ...ctx, stores: { ...ctx.stores, documents: guarded } }, struck: () => calls >= nth };
}
