export { type Card, cardOf } from './card.ts';
export { evidenceOf } from './evidence.ts';
export { markdownOf } from './markdown.ts';
export { runOf } from './run.ts';
