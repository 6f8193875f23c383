import { ownerOfFolder } from '../datasets/index.ts';
import { endpointName } from '../endpoints/index.ts';
import { whyNoPath } from '../http/index.ts';

/** A file by its place: `<folder>/<path>`, or `<folder>@<workspace>/<path>` outside workspace `default`. */
export type FileName = { readonly workspace: string; readonly folder: string; readonly path: string };

const defaultWorkspace = 'default';

/** Of an owner's folder in `batch-output`, beside those of its jobs: no output can lie there. */
export const reportsFolder = '_reports';

/** Container names of files begin with whose they are, so that dropping a file is all it takes. */
export function folderOf(workspace: string, folder: string): string {
  return workspace === defaultWorkspace ? folder : `${folder}@${workspace}`;
}

/** The folder of a model's own, which stays where the model is renamed. */
export function modelFolder(modelId: string): string {
  return `model-${modelId}`;
}

/** The id of the model whose own folder this is. */
export function modelIdIn(folder: string): string | undefined {
  const { type, id } = ownerOfFolder(folder);
  return type === 'model' ? id : undefined;
}

/** The parts of a blob name in `batch-input` or `batch-output`; `undefined` for one that lies in nobody's folder. */
export function parseName(name: string): FileName | undefined {
  const [, folder, workspace = defaultWorkspace, path] = /^([^/@]+)(?:@([^/@]+))?\/(.+)$/s.exec(name) ?? [];
  if (folder === undefined || path === undefined || whyNoPath(path) !== undefined) return undefined;
  if (modelIdIn(folder) === undefined && !endpointName.safeParse(folder).success) return undefined;
  return { workspace, folder, path };
}

/** Whether an output is the report of a job, which is no file of rows. */
export function isReport(name: string): boolean {
  return name.split('/')[1] === reportsFolder;
}
