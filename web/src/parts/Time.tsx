import { ago, moment } from './format.ts';

type TimeProps = { readonly at: number };

/** A point in time as seen from now; its full form is the tooltip. */
export function Ago({ at }: TimeProps) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {ago(at)}
    </time>
  );
}

/** A point in time that lies ahead; within a minute it is about to come, and not `just now`. */
export function Coming({ at }: TimeProps) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {isNear(at) ? 'in a moment' : ago(at)}
    </time>
  );
}

/** A point in time, in full. */
export function Moment({ at }: TimeProps) {
  return <time dateTime={new Date(at).toISOString()}>{moment(at)}</time>;
}

const isNear = (at: number) => at - Date.now() < 60_000;
