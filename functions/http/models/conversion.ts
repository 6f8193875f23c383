import type { Route } from '../../../shared/http/index.ts';

/** Conversion of other flavours to ONNX. */
export const conversionRoutes: readonly Route[] = [];
