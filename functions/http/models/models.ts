import * as z from 'zod';
import type { Context } from '../../../shared/context.ts';
import { conversionOf } from '../../../shared/conversion/index.ts';
import { runOf } from '../../../shared/evidence/index.ts';
import { fields, type Route, route } from '../../../shared/http/index.ts';
import {
  aliasesOf,
  aliasHolders,
  listVersions,
  type ModelRoot,
  type ModelVersion,
  modelByName,
  stageOf,
  versionOf,
} from '../../../shared/registry/index.ts';
import { nextPage } from '../mlflow.ts';
import { withNames } from '../names.ts';
import { snakeCase } from '../snake-case.ts';
import { presentConversion } from './conversion.ts';
import { modelRef, onModel, versionRef } from './refs.ts';

/** A model and its versions as the pages and scripts see them: what MLflow's registry API leaves out. */
export const modelRoutes: readonly Route[] = [
  route('GET', '/api/v1/models/{m}', {
    operation: 'getModel',
    role: 'viewer',
    scope: onModel,
    input: z.object(modelRef),
    handle: async (ctx, { m }) => withNames(ctx, await presentModel(ctx, await modelByName(ctx, m))),
  }),
  route('GET', '/api/v1/models/{m}/versions', {
    operation: 'listModelVersions',
    role: 'viewer',
    scope: onModel,
    input: z.object({
      ...modelRef,
      max_results: fields.limit(1000, 100),
      page_token: fields.text.optional(),
    }),
    async handle(ctx, { m, max_results, page_token }) {
      const root = await modelByName(ctx, m);
      const page = await listVersions(ctx, root, { limit: max_results, pageToken: page_token });
      const versions = page.items.map((version) => presentRow(root, version));
      return withNames(ctx, { versions, ...nextPage(page) });
    },
  }),
  route('GET', '/api/v1/models/{m}/versions/{v}', {
    operation: 'getModelVersion',
    role: 'viewer',
    scope: onModel,
    input: z.object(versionRef),
    async handle(ctx, { m, v }) {
      const root = await modelByName(ctx, m);
      return withNames(ctx, await presentVersion(ctx, root, await versionOf(ctx, root, v)));
    },
  }),
];

async function presentModel(ctx: Context, root: ModelRoot) {
  const { stages, policy } = root;
  return {
    model_id: root.modelId,
    name: root.name,
    description: root.description,
    tags: root.tags,
    aliases: await aliasHolders(ctx, root),
    stages: {
      Staging: stages.Staging ?? [],
      Production: stages.Production ?? [],
      Archived: stages.Archived ?? [],
    },
    versions: root.nextVersion - 1 - root.gone.length,
    policy: policy ? snakeCase(policy) : null,
    created_at: root.createdAt,
    updated_at: root.updatedAt,
  };
}

/** A version in a list. */
function presentRow(root: ModelRoot, version: ModelVersion) {
  const { inspection } = version;
  return {
    version: version.version,
    stage: stageOf(root, version.version),
    aliases: aliasesOf(root, version.version),
    source: version.source,
    run_id: version.runId ?? null,
    logged_model_id: version.loggedModelId ?? null,
    user_id: version.userId,
    description: version.description,
    tags: version.tags,
    inspection: {
      state: inspection.state,
      ...(inspection.state === 'refused' ? refusal(inspection) : {}),
    },
    flavours: version.artifact?.flavours ?? [],
    signed: version.signing !== undefined,
    created_at: version.createdAt,
    updated_at: version.updatedAt,
  };
}

async function presentVersion(ctx: Context, root: ModelRoot, version: ModelVersion) {
  const conversion = await conversionOf(ctx, version);
  return {
    model_id: root.modelId,
    name: root.name,
    ...presentRow(root, version),
    run: (await runOf(ctx, version))?.facts ?? null,
    inspection: presentInspection(version),
    artifact: presentArtifact(version),
    signing: version.signing ? snakeCase(version.signing) : null,
    conversion: conversion ? presentConversion(conversion) : null,
  };
}

function refusal({ reason, wayOut }: Extract<ModelVersion['inspection'], { state: 'refused' }>) {
  return { reason, ...(wayOut ? { way_out: wayOut } : {}) };
}

function presentInspection({ inspection }: ModelVersion) {
  switch (inspection.state) {
    case 'pending':
      return { state: inspection.state };
    case 'refused':
      return { state: inspection.state, at: inspection.at, ...refusal(inspection) };
    case 'ready': {
      const { digest, bytes, signature, features, labels, served, timings } = inspection.ready;
      const file = (each: (typeof served.external)[number]) => ({
        path: each.path,
        digest: each.digest,
        bytes: each.bytes,
      });
      return {
        state: inspection.state,
        at: inspection.at,
        ...(inspection.note === undefined ? {} : { note: inspection.note }),
        ready: {
          digest,
          bytes,
          signature: snakeCase(signature),
          features,
          labels,
          served: { ...file(served), changes: served.changes, external: served.external.map(file) },
          timings: snakeCase(timings),
        },
      };
    }
  }
}

/** What the artifact is. What its MLmodel says, and names of operators, are shown as they are spelled there. */
function presentArtifact({ artifact }: ModelVersion) {
  if (!artifact) return null;
  const { manifest, flavours, mlflowVersion, schema, inputExample, onnx } = artifact;
  return {
    manifest,
    flavours,
    mlflow_version: mlflowVersion ?? null,
    schema: schema
      ? { inputs: schema.inputs ?? null, outputs: schema.outputs ?? null, params: schema.params ?? null }
      : null,
    input_example: inputExample ?? null,
    onnx: onnx
      ? {
          path: onnx.path,
          ir_version: onnx.irVersion,
          opsets: onnx.opsets,
          operators: onnx.operators,
          producer: onnx.producer ?? null,
          parameters: onnx.parameters ?? null,
        }
      : null,
  };
}
