import { type Draft, rounded } from './draft.ts';
import { faultOf as trafficFault, type ShareText } from './traffic.ts';

const mirrorMax = 50;

/** The shares of the deployments, as sliders take them. */
export function trafficOf({ deployments }: Draft): ShareText[] {
  return deployments.map(({ name, traffic, mirror }) => ({
    name,
    text: traffic,
    // What has a share of its own keeps it until that is taken to 0, whatever copies it is to get.
    isFixed: Number(mirror) > 0 && Number(traffic) === 0,
  }));
}

/** Percent of each step, as `1, 5, 25` says them. */
export function planOf(text: string): number[] {
  return wordsOf(text).map((word) => Number(word.replace(/\s*%$/, '')));
}

/** Why a draft cannot be sent, in words; what an input says by itself is not among it. */
export function faultOf(draft: Draft): string | undefined {
  const names = draft.deployments.map(({ name }) => name.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `Two deployments are named ${twice}; each needs a name of its own.`;
  const nameless = draft.deployments.find(({ source, model }) => source !== 'external' && model === '');
  if (nameless) return `Choose a model for the deployment ${nameless.name} from the list.`;
  const labels = draft.labels.map(({ name }) => name.trim());
  const label = labels.find((name, at) => labels.indexOf(name) !== at);
  if (label !== undefined) return `Two labels are named ${label}.`;
  return trafficFault(trafficOf(draft)) ?? mirrorFault(draft) ?? planFault(draft.plan);
}

/** Copies are at most half as many as calls, and go to who gets no calls. */
export function mirrorFault({ deployments }: Draft): string | undefined {
  const both = deployments.find(({ mirror, traffic }) => Number(mirror) > 0 && Number(traffic) > 0);
  if (both) return `${both.name} gets calls, so it cannot get copies of them, too; set one of the two to 0.`;
  const sum = rounded(deployments.reduce((all, { mirror }) => all + (Number(mirror) || 0), 0));
  if (sum <= mirrorMax) return undefined;
  return `Copies of ${sum} % of the calls are asked for; at most ${mirrorMax} % together can be.`;
}

export function planFault(text: string): string | undefined {
  const plan = planOf(text);
  const grows = plan.every((percent, at) => percent > (plan[at - 1] ?? 0));
  if (plan.length > 0 && grows && plan.at(-1) === 100) return undefined;
  return 'The plan must be percentages that grow and end with 100, such as 1, 5, 25, 50, 100.';
}

/** The words of a text that are not empty. */
export function wordsOf(text: string, separator = ','): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
