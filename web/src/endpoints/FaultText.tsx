import { Icon } from '../parts/Icon.tsx';
import type { Fault } from './faults.ts';

/** What is wrong with what stands above. */
export function FaultText({ fault: { message } }: { readonly fault: Pick<Fault, 'message'> }) {
  return (
    <p className="fault-text" role="alert">
      <Icon name="warning" size={14} /> <span>{message}</span>
    </p>
  );
}
