export * from './errors.ts';
export * from './route.ts';
export { type Upload, uploadOf, uploadStream } from './upload.ts';
export { fields, parse } from './validate.ts';
