export { type Exchange, exchange, type Exchanged, type Resolve } from './exchange.ts';
export { checkTarget } from './target.ts';
