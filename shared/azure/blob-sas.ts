import {
  BlobSASPermissions,
  type BlobServiceClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { guarded } from './storage-errors.ts';

/** The longest that a signed URL lives. */
export const signedSecondsMax = 3600;

/** What a URL allows on its one blob: to read it, or to write it. */
export type Grant = 'read' | 'write';

/** Clocks differ: a signature holds from a little before now on. */
const skewSeconds = 300;
const delegationSeconds = 2 * signedSecondsMax;

/**
 * Signs URLs of blobs: by a key that the service gives to the app's identity, or locally by the account's.
 * https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
 */
export class BlobSigner {
  readonly #service: BlobServiceClient;
  #delegation: { readonly until: number; readonly key: Promise<UserDelegationKey> } | undefined;

  constructor(service: BlobServiceClient) {
    this.#service = service;
  }

  /** The query that opens one blob, and nothing else, for `seconds` (at most {@link signedSecondsMax}) from `now`. */
  async query(
    blob: { readonly containerName: string; readonly blobName: string },
    grant: Grant,
    now: number,
    seconds: number = signedSecondsMax,
  ): Promise<string> {
    const { credential, accountName } = this.#service;
    const values = {
      ...blob,
      permissions: BlobSASPermissions.parse(grant === 'read' ? 'r' : 'cw'),
      startsOn: new Date(now - skewSeconds * 1000),
      expiresOn: new Date(now + Math.min(seconds, signedSecondsMax) * 1000),
      // What somebody stored must not run as a page, wherever it is opened.
      ...(grant === 'read' ? { contentDisposition: 'attachment' } : {}),
    };
    const sas =
      credential instanceof StorageSharedKeyCredential
        ? generateBlobSASQueryParameters(values, credential)
        : generateBlobSASQueryParameters(
            { ...values, protocol: SASProtocol.Https },
            await this.#delegationKey(now),
            accountName,
          );
    return sas.toString();
  }

  /** One key serves many signatures: it is asked for anew when it would end before they do. */
  #delegationKey(now: number): Promise<UserDelegationKey> {
    const needed = now + signedSecondsMax * 1000;
    if (this.#delegation && this.#delegation.until >= needed) return this.#delegation.key;
    const until = now + delegationSeconds * 1000;
    const key = guarded(() =>
      this.#service.getUserDelegationKey(new Date(now - skewSeconds * 1000), new Date(until)),
    );
    this.#delegation = { until, key };
    key.catch(() => (this.#delegation = undefined));
    return key;
  }
}
