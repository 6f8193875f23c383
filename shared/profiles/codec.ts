import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import { readCategories, writeCategories } from './categorical.ts';
import { readNumbers, writeNumbers } from './numeric.ts';
import type { FeatureCounts, Profile, ProfileKey } from './profile.ts';
import { readSample, writeSample } from './sample.ts';
import { readScores, writeScores } from './scores.ts';

/** `CNPF`, as bytes. */
const magic = 0x46504e43;
const version = 1;
const kinds = ['numeric', 'categorical'] as const;
const checkBytes = 4;

/**
 * A profile as a file, format 1, little-endian: the magic number `CNPF`, a byte with the version, the key, rows,
 * ranges of logged rows, features by name, scores by class, scores without a class, sample, parts; at the end the
 * CRC-32 of all before it. Counts are LEB128, text is UTF-8 behind its length, all else float64 or uint32. The same
 * profile gives the same bytes.
 */
export function encodeProfile(profile: Profile): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(magic);
  writer.u8(version);
  const { digest, edgeSet, source, segment, hour } = profile.key;
  for (const text of [digest, edgeSet, source, segment, hour]) writer.text(text);
  writer.count(profile.rows);
  writer.count(profile.logged.length);
  for (const { buffer, first, rows } of profile.logged) {
    writer.text(buffer);
    writer.count(first);
    writer.count(rows);
  }
  writer.count(profile.features.size);
  for (const [name, counts] of [...profile.features].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.text(name);
    writer.u8(kinds.indexOf(counts.kind));
    if (counts.kind === 'numeric') writeNumbers(writer, counts);
    else writeCategories(writer, counts);
  }
  writeScores(writer, profile.classes);
  writeNumbers(writer, profile.scores);
  writeSample(writer, profile.sample);
  writer.count(profile.parts.length);
  for (const part of profile.parts) writer.text(part);
  writer.u32(crc32(writer.done()));
  return new Uint8Array(writer.done());
}

/** Reads a profile. Throws for a file that is none, of a format this release does not know, or not whole. */
export function decodeProfile(bytes: Uint8Array): Profile {
  const reader = new ByteReader(bytes);
  if (reader.left < checkBytes + 5 || reader.u32() !== magic) throw new Error('This is not a profile.');
  const found = reader.u8();
  if (found !== version)
    throw new Error(
      `A profile is of format '${found}', which this release does not read; it reads ${version}.`,
    );
  const end = bytes.length - checkBytes;
  if (crc32(bytes.subarray(0, end)) !== new ByteReader(bytes.subarray(end)).u32())
    throw new Error('A profile is not as it was written.');
  const [digest, edgeSet, source, segment, hour] = [
    reader.text(),
    reader.text(),
    reader.text() as ProfileKey['source'],
    reader.text(),
    reader.text(),
  ];
  return {
    key: { digest, edgeSet, source, segment, hour },
    rows: reader.count(),
    logged: reader.list(() => ({ buffer: reader.text(), first: reader.count(), rows: reader.count() })),
    features: new Map(reader.list(() => [reader.text(), readFeature(reader)] as const)),
    classes: readScores(reader),
    scores: readNumbers(reader),
    sample: readSample(reader),
    parts: reader.list(() => reader.text()),
  };
}

function readFeature(reader: ByteReader): FeatureCounts {
  return kinds[reader.u8()] === 'numeric' ? readNumbers(reader) : readCategories(reader);
}
