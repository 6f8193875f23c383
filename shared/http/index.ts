export {
  CairnError,
  type ErrorCode,
  errorResponse,
  type ErrorShape,
  inferenceError,
  isCode,
  unlessCode,
  mlflowError,
  problem,
} from './errors.ts';
export { hides, isHiding } from './hiding.ts';
export { type Page, pageOf, positionIn } from './page.ts';
export { checkedPath, decodedPath, whyNoPath, withoutEndSlashes } from './path.ts';
export {
  type Call,
  type Input,
  json,
  type Method,
  parseJson,
  readBody,
  type Named,
  type Reference,
  type RouteRole,
  type Scope,
  type Route,
  route,
  type Surface,
  utf8,
  wholeBody,
} from './route.ts';
export { type Upload, type UploadLimit, uploadOf, uploadStream } from './upload.ts';
export { fields, parse } from './validate.ts';
