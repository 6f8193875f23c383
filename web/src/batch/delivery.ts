import type { BatchJob } from '../api/batch.ts';
import { beginUpload, changeJob, type OwnerName } from './actions.ts';
import { bodyOf, type Draft } from './options.ts';
import { FileUpload } from './upload.ts';

/** A file, what scores it, and how. */
export type Order = { readonly owner: OwnerName; readonly file: File; readonly draft: Draft };

/**
 * A file on its way to its job. Its options go first and lie beside it: a file that appears in storage starts a job by
 * itself, which then has them, and the job that is asked for is that one. A delivery that failed goes on where it was.
 */
export class Delivery {
  readonly #order: Order;
  readonly #options: FileUpload | undefined;
  readonly #file: FileUpload;
  /** Bytes that have gone out. */
  bytes = 0;

  constructor(order: Order, onProgress: (bytes: number) => void) {
    const { owner, file, draft } = order;
    // A folder of its own: nothing of the same name that is being scored is overwritten.
    const name = `uploads/${folderName(new Date())}/${file.name}`;
    const to = (suffix: string, bytes: number) => (upload?: string) =>
      beginUpload(owner, { name: `${name}${suffix}`, bytes, upload });
    const options = bodyOf(draft);
    const body = new Blob([JSON.stringify(options)]);
    this.#order = order;
    this.#options =
      Object.keys(options).length > 0
        ? new FileUpload({ file: body, begin: to('.job.json', body.size) })
        : undefined;
    this.#file = new FileUpload({
      file,
      begin: to('', file.size),
      onProgress: (bytes) => {
        this.bytes = bytes;
        onProgress(bytes);
      },
    });
  }

  isOf({ owner, file, draft }: Order): boolean {
    const mine = this.#order;
    return (
      mine.file === file &&
      mine.draft === draft &&
      mine.owner.type === owner.type &&
      mine.owner.name === owner.name
    );
  }

  /** `onSent` is called when the file is there, and the job is asked for. */
  async run(signal: AbortSignal, onSent: () => void): Promise<BatchJob> {
    await this.#options?.run(signal);
    const input = await this.#file.run(signal);
    onSent();
    return changeJob.start(this.#order.owner, input);
  }
}

/** `2026-11-22/191207-3fa9`: by day, and no two alike. */
function folderName(now: Date): string {
  const [day = '', time = ''] = now.toISOString().split('T');
  const [first = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `${day}/${time.slice(0, 8).replaceAll(':', '')}-${first.toString(16).padStart(4, '0')}`;
}
