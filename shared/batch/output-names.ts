import { whyNoPath } from '../http/index.ts';
import { errorsNameOf, outputNameOf } from './endings.ts';
import { BatchError } from './failure.ts';
import type { BatchFile } from './file.ts';
import type { BatchJob } from './job.ts';
import type { JobOptions } from './options.ts';

/** The file with the names that its outputs have by the options, which may have lain beside it. */
export function named(file: BatchFile, { input }: BatchJob, options: JobOptions): BatchFile {
  const output = outputNameOf(file.output, options, input.isPrefix);
  return { ...file, output, errors: errorsNameOf(output) };
}

/** Throws {@link BatchError} for a file whose outputs could not be asked for by their names. */
export function checkName({ errors }: BatchFile): void {
  const why = whyNoPath(errors);
  if (why === undefined) return;
  throw new BatchError({
    code: 'bad-input',
    reason: `The output would have a name that nobody can ask for (${why}); give the file a shorter one`,
  });
}

/** Throws {@link BatchError} where two files would have outputs, or files of errors, of one name. */
export function checkDiffer(files: readonly BatchFile[]): void {
  const owners = new Map<string, string>();
  for (const { input, output, errors } of files)
    for (const name of [output, errors]) {
      const other = owners.get(name);
      if (other !== undefined)
        throw new BatchError({
          code: 'bad-input',
          reason: `The outputs of '${other}' and '${input.name}' would have one name; rename one of them, or score them in two jobs`,
        });
      owners.set(name, input.name);
    }
}
