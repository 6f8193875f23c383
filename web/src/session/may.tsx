import type { ReactNode } from 'react';
import { covers, type Role } from './roles.ts';
import { useSession } from './session.ts';

/**
 * Whether it makes sense to offer what asks for `role`. The server decides; this spares the reader a refusal.
 */
export function useMay(role: Role): boolean {
  return covers(useSession().role, role);
}

type MayProps = { readonly role: Role; readonly children: ReactNode };

/** What only those are offered who hold `role` in this workspace. */
export function May({ role, children }: MayProps) {
  return useMay(role) ? children : null;
}
