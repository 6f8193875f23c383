import type { Document } from '../documents.ts';
import { deploymentSettingsDefault, type Pinned } from './deployment.ts';
import { type Endpoint, limitsDefault, loggingDefault } from './endpoint.ts';
import { atOnce } from './rollout.ts';

/** An endpoint as it was stored before it had deployments: one model, by one alias, at once. */
type EndpointV1 = Document &
  Pick<Endpoint, 'type' | 'name' | 'labels' | 'dataPolicy' | 'seq' | 'createdAt' | 'updatedAt'> & {
    readonly v: 1;
    readonly modelId: string;
    readonly model: string;
    readonly alias: string;
    readonly stable?: Pinned;
  };

export type AnyEndpoint = Endpoint | EndpointV1;

/** The deployment of an endpoint that names none. */
export const onlyDeployment = 'main';

/** An endpoint of any release as this one has it. */
export function upcast(doc: AnyEndpoint): Endpoint {
  if (doc.v === 2) return doc;
  const { modelId, model, alias, stable, ...rest } = doc;
  return {
    ...rest,
    v: 2,
    deployments: [
      {
        kind: 'model',
        name: onlyDeployment,
        modelId,
        model,
        follows: { alias },
        ...(stable ? { stable } : {}),
        settings: deploymentSettingsDefault,
      },
    ],
    traffic: { [onlyDeployment]: 100 },
    mirror: {},
    limits: limitsDefault,
    logging: loggingDefault,
    rollout: atOnce,
  };
}
