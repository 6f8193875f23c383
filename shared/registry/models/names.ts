import { createHash } from 'node:crypto';
import type { Key } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { Document, Stored } from '../../documents.ts';
import { CairnError } from '../../http/index.ts';
import { checkLength, checkNormal } from '../../tracking/index.ts';

/** Holds a name for one model. It lies in a partition of its own, since rename moves it and not the model. */
export type ModelName = Document & {
  readonly type: 'model-name';
  readonly modelId: string;
  readonly name: string;
  /** The id of the model that the name points to. */
  readonly target: string;
};

const nameCharsMax = 500;

/** The document that makes a name point to a model. */
export function nameDocument(ctx: Context, name: string, target: string): ModelName {
  return {
    id: 'name',
    type: 'model-name',
    v: 1,
    workspace: ctx.workspace,
    modelId: namePartition(ctx, name)[1] ?? '',
    name,
    target,
  };
}

/** What a name stands for. A model goes by it only if its root says so too: see models/rename.ts. */
export function readName(ctx: Context, name: string): Promise<Stored<ModelName> | undefined> {
  return ctx.stores.documents('models').read<ModelName>(namePartition(ctx, name), 'name');
}

/** Where a name lies: in a partition of its own, which has the digest of the name for a model's id. */
export function namePartition(ctx: Context, name: string): Key {
  return [ctx.workspace, `name:${createHash('sha256').update(name).digest('hex')}`];
}

/** Refuses what no model can be called, in MLflow's words (`_validate_model_name`). */
export function checkName(name: string, field = 'name'): void {
  if (name.trim() === '')
    throw new CairnError('invalid', `Missing value for required parameter '${field}'.`, { field });
  if (/[/:]/.test(name))
    throw new CairnError('invalid', `Invalid model name '${name}'. Names cannot contain '/' or ':'.`, {
      field,
    });
  checkNormal(name, field);
  checkLength(field, name, nameCharsMax);
}
