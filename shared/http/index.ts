export * from './errors.ts';
export * from './route.ts';
export { fields, parse } from './validate.ts';
