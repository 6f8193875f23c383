import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import type { Profile, ProfileKey } from './profile.ts';

/** All that was counted in an hour, a day or a month, or of the segments of a part, as one file. */
export type RollUp = {
  /** `yyyymmddhh`, `yyyymmdd` or `yyyymm`. */
  readonly span: string;
  /** In milliseconds since 1970. */
  readonly madeAt: number;
  /** What it was made of: parts with their states, hours with theirs, or, of a part, its rows. */
  readonly sources: readonly string[];
  /** Parts that could not be counted, since their versions have no edges, and these: `<model id>/<version>`. */
  readonly uncounted: Uncounted;
  readonly profiles: readonly Profile[];
};

export type Uncounted = { readonly parts: number; readonly versions: readonly string[] };

type Wanted = (key: Omit<ProfileKey, 'hour'>) => boolean;

/** `CNPR`, as bytes. */
const magic = 0x52504e43;
const version = 1;

/**
 * A roll-up as a file, format 1, little-endian: the magic number `CNPR`, a byte with the version, span, time, sources,
 * uncounted parts and versions, and of each profile its key and length; the CRC-32 of all before it; then the profiles,
 * each of format 1 of its own.
 */
export function encodeRollUp({ span, madeAt, sources, uncounted, profiles }: RollUp): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(magic);
  writer.u8(version);
  writer.text(span);
  writer.count(madeAt);
  writer.texts(sources);
  writer.count(uncounted.parts);
  writer.texts(uncounted.versions);
  const bodies = profiles.map(encodeProfile);
  writer.count(bodies.length);
  for (const [i, { key }] of profiles.entries()) {
    for (const text of [key.digest, key.edgeSet, key.source, key.segment]) writer.text(text);
    writer.count(bodies[i]?.length ?? 0);
  }
  writer.u32(crc32(writer.done()));
  for (const body of bodies) writer.bytes(body);
  return new Uint8Array(writer.done());
}

/**
 * Reads a roll-up, with those of its profiles that are wanted. Throws for a file that is none, of a format this release
 * does not know, or not whole.
 */
export function decodeRollUp(bytes: Uint8Array, isWanted: Wanted = () => true): RollUp {
  const reader = new ByteReader(bytes);
  if (reader.left < 5 || reader.u32() !== magic) throw new Error('This is not a roll-up of profiles.');
  const found = reader.u8();
  if (found !== version)
    throw new Error(
      `A roll-up is of format '${found}', which this release does not read; it reads ${version}.`,
    );
  const [span, madeAt, sources] = [reader.text(), reader.count(), reader.texts()];
  const uncounted = { parts: reader.count(), versions: reader.texts() };
  const index = reader.list(() => ({
    digest: reader.text(),
    edgeSet: reader.text(),
    source: reader.text() as ProfileKey['source'],
    segment: reader.text(),
    length: reader.count(),
  }));
  const headBytes = bytes.length - reader.left;
  if (crc32(bytes.subarray(0, headBytes)) !== reader.u32())
    throw new Error('A roll-up is not as it was written.');
  const profiles = index.flatMap(({ length, ...key }) => {
    const body = reader.bytes(length);
    return isWanted(key) ? [decodeProfile(body)] : [];
  });
  return { span, madeAt, sources, uncounted, profiles };
}
