import { type BatchJob, errorsNameOf, findJob } from '../batch/index.ts';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import {
  getVersion,
  isPrompt,
  modelById,
  type ModelRoot,
  type ModelVersion,
  promptTag,
} from '../registry/index.ts';
import { eventOf, partsOf, type WebhookEvent } from './events.ts';
import { incidentNews } from './incident.ts';
import type { Body } from './model.ts';

/** An event as receivers are told of it. */
export type News = {
  readonly event: WebhookEvent;
  readonly data: Body['data'];
  /** Ids of the webhooks that are told, of those that listen; all of them where it is absent. */
  readonly channels?: readonly string[];
};

const promptTextTag = 'mlflow.prompt.text';
/** Tags by which MLflow tells prompts and their kinds; they are no news. */
const promptTags: readonly string[] = [promptTag, '_mlflow_prompt_type'];

/**
 * What there is to tell of an event, in MLflow's shapes where it has one (`mlflow/webhooks/types.py`,
 * `server/handlers.py`); `undefined` for an event that no webhook is told of, and where what it was about is gone by now.
 * State is read here, not taken from the event: of two changes in quick succession both tell the later value.
 */
export async function newsOf(ctx: Context, event: CairnEvent): Promise<News | undefined> {
  const { type, subject, reason } = event;
  const { modelId = '', version = '', key = '', alias = '', to = '' } = subject;
  switch (type) {
    case 'model.created': {
      const root = await unlessGone(modelById(ctx, modelId));
      return root && modelCreated(root);
    }
    case 'version.created': {
      const found = await unlessGone(getVersion(ctx, modelId, Number(version)));
      return found && versionCreated(found);
    }
    case 'model.tag-set':
    case 'model.tag-deleted': {
      const root = await unlessGone(modelById(ctx, modelId));
      // Of a model that is no prompt, MLflow does not tell.
      if (!root || !isPrompt(root.tags)) return undefined;
      return tagNews('prompt_tag', type === 'model.tag-set' ? root.tags : undefined, key, {
        name: root.name,
      });
    }
    case 'version.tag-set':
    case 'version.tag-deleted': {
      const root = await unlessGone(modelById(ctx, modelId));
      const found = await unlessGone(getVersion(ctx, modelId, Number(version)));
      if (!root || !found) return undefined;
      const entity = isPrompt(root.tags) ? 'prompt_version_tag' : 'model_version_tag';
      return tagNews(entity, type === 'version.tag-set' ? found.tags : undefined, key, {
        name: root.name,
        version,
      });
    }
    case 'alias.moved':
    case 'alias.deleted': {
      const root = await unlessGone(modelById(ctx, modelId));
      if (!root) return undefined;
      const entity = isPrompt(root.tags) ? 'prompt_alias' : 'model_version_alias';
      return type === 'alias.moved'
        ? { event: `${entity}.created`, data: { name: root.name, alias, version: to } }
        : { event: `${entity}.deleted`, data: { name: root.name, alias } };
    }
    case 'rollout.started':
    case 'rollout.advanced':
    case 'rollout.finished':
    case 'rollout.rolled-back':
    case 'rollout.stopped': {
      const root = await unlessGone(modelById(ctx, modelId));
      return root && rolloutNews(type, root, subject, reason);
    }
    case 'batch.finished': {
      const job = await unlessGone(findJob(ctx, subject['jobId'] ?? ''));
      return job && batchNews(ctx, job, subject);
    }
    case 'incident.opened':
    case 'incident.updated':
    case 'incident.resolved':
      return incidentNews(ctx, event);
    default:
      return undefined;
  }
}

/** The body that tells of an event which happened `at`. */
export function bodyOf(ctx: Context, { event, data }: News, at: number): Body {
  return {
    ...partsOf(event),
    timestamp: new Date(at).toISOString().replace('Z', '+00:00'),
    data,
    ...(ctx.workspace === 'default' ? {} : { workspace: ctx.workspace }),
  };
}

function modelCreated(root: ModelRoot): News {
  const { name, tags, description } = root;
  return isPrompt(root.tags)
    ? { event: 'prompt.created', data: { name, tags: withoutPromptTags(tags), description } }
    : { event: 'registered_model.created', data: { name, tags, description } };
}

function versionCreated(found: ModelVersion): News {
  const { name, source, tags } = found;
  const version = String(found.version);
  const description = found.description || null;
  if (!isPrompt(found.tags))
    return {
      event: 'model_version.created',
      data: { name, version, source, run_id: found.runId ?? null, tags, description },
    };
  const { [promptTextTag]: template = null, ...others } = tags;
  return {
    event: 'prompt_version.created',
    data: { name, version, template, tags: withoutPromptTags(others), description },
  };
}

/** News of a rollout. It is over by the time that somebody reads of its end: what it was is in the event. */
function rolloutNews(
  type: CairnEvent['type'] & `rollout.${string}`,
  { name }: ModelRoot,
  { endpoint, deployment, rolloutFrom, rolloutTo, rolloutId }: CairnEvent['subject'],
  reason: string | undefined,
): News {
  const action = type === 'rollout.rolled-back' ? 'rolled_back' : type.slice('rollout.'.length);
  return {
    event: eventOf('rollout', action),
    data: {
      endpoint,
      deployment,
      name,
      from_version: rolloutFrom,
      version: rolloutTo,
      rollout_id: rolloutId,
      reason: reason ?? null,
    },
  };
}

/** News of the end of a batch job, which may have been asked to go on since. No value of a row is told. */
async function batchNews(
  ctx: Context,
  job: BatchJob,
  { status = '', rows, bad }: CairnEvent['subject'],
): Promise<News> {
  const { jobId, owner, model, input, output } = job;
  const root = model && (await unlessGone(modelById(ctx, model.modelId)));
  const { value: _, ...error } = job.status === 'failed' ? job.failure : {};
  const isThere = job.status === 'succeeded';
  const outputName = `${output.container}/${output.name}`;
  const link = `/api/v1/batch-jobs/${jobId}`;
  return {
    event: eventOf('batch_job', status),
    data: {
      job_id: jobId,
      status,
      owner: owner.type === 'endpoint' ? { type: owner.type, name: owner.id } : owner,
      name: root?.name ?? null,
      version: model ? String(model.version) : null,
      rows: rows === undefined ? null : Number(rows),
      bad: bad === undefined ? null : Number(bad),
      input: `${input.container}/${input.name}`,
      output: isThere ? outputName : null,
      errors: isThere && !input.isPrefix && Number(bad) > 0 ? errorsNameOf(outputName) : null,
      error: job.status === 'failed' ? error : null,
      report: isThere && job.report !== undefined ? `${link}/report` : null,
      job: link,
    },
  };
}

/** News of a tag that was set, where it still is (`tags`), or deleted (none). */
function tagNews(
  entity: 'prompt_tag' | 'prompt_version_tag' | 'model_version_tag',
  tags: ModelRoot['tags'] | undefined,
  key: string,
  of: { readonly name: string; readonly version?: string },
): News | undefined {
  if (tags === undefined) return { event: `${entity}.deleted`, data: { ...of, key } };
  // Deleted since; of that there is an event of its own.
  if (!Object.hasOwn(tags, key)) return undefined;
  return { event: `${entity}.set`, data: { ...of, key, value: tags[key] } };
}

function withoutPromptTags(tags: ModelRoot['tags']): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !promptTags.includes(key)));
}

function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  return unlessCode(reading, 'not-found');
}
