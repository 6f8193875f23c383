import type { Ids } from '../context.ts';

/** The tag that mirrors a run's name. */
export const runNameTag = 'mlflow.runName';

const adjectives =
  'able amber apt bold brave brisk calm clear clever crisp deft eager early exact fair fast fleet fond free fresh gentle glad grand hardy keen kind lively loud lucid merry mild neat nimble noble patient plain polite proud quick quiet rare ready smooth sober solid spry stately steady subtle sunny swift tidy upbeat vivid warm wise witty'.split(
    ' ',
  );
const nouns =
  'ant asp bass bat bear bee boar bug calf carp cat cod colt cow crab crane crow cub deer doe dog dove duck eel elk ewe fawn finch fish fly foal fowl fox frog gnat goat goose grub gull hare hawk hen hog horse ibex jay kid kite koi lamb lark lion loon lynx mare mink mole moose moth mouse mule newt owl ox perch pig pug quail ram rat ray roan robin rook seal shad shark sheep shrew shrike skink slug smelt snail snake snipe sow stag steed stoat stork swan toad trout tuna vole wasp whale wolf worm wren yak'.split(
    ' ',
  );

/** A run name for people, such as `brisk-crane-417`: never over 20 characters. */
export function randomRunName(ids: Ids): string {
  const pick = (words: readonly string[]) => words[Math.floor(ids.random() * words.length)] ?? '';
  return `${pick(adjectives)}-${pick(nouns)}-${Math.floor(ids.random() * 1001)}`;
}
