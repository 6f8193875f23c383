import type { Endpoint } from '../api/endpoints.ts';
import { figure } from '../parts/format.ts';

const width = 100;

/** Who gets how many of the calls, as one bar; its words are the tooltip. */
export function TrafficBar({ endpoint: { deployments, traffic } }: { readonly endpoint: Endpoint }) {
  const shares = deployments.map(({ name }, at) => ({ name, at, share: traffic[name] ?? 0 }));
  const before = (at: number) => shares.slice(0, at).reduce((sum, { share }) => sum + share, 0);
  const words = shares.map(({ name, share }) => `${name} ${figure(share)} %`).join('\n');
  return (
    <svg
      className="traffic-bar"
      viewBox={`0 0 ${width} 8`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Traffic: ${words.replaceAll('\n', ', ')}`}
    >
      <title>{words}</title>
      <rect className="track" width={width} height="8" />
      {shares.map(({ name, at, share }) => (
        <rect key={name} className={`series-${(at % 8) + 1}`} x={before(at)} width={share} height="8" />
      ))}
    </svg>
  );
}
