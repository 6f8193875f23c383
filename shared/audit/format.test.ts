import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type AuditEntry, draftOf, lineOf, noHash, placed } from './entry.ts';
import { goldenEvents } from './golden/events.ts';
import { segmentsIn } from './segments/folder.ts';
import { verifySegments } from './verify/verify.ts';

const golden = fileURLToPath(new URL('golden', import.meta.url));

describe('format 1 of the audit log', () => {
  test('is written to the byte as it was when it was laid down', async () => {
    let before: Pick<AuditEntry, 'seq' | 'hash'> = { seq: 0, hash: noHash };
    const lines = goldenEvents.map(({ event, workspace, recordedAt }) => {
      const place = { seq: before.seq + 1, recorded_at: recordedAt, prev_hash: before.hash };
      const entry = placed(draftOf(event, workspace), place);
      before = entry;
      return `${lineOf(entry)}\n`;
    });
    expect(lines.join('')).toBe(await readFile(`${golden}/2026/03/01/10.jsonl`, 'utf8'));
  });

  test('is verified by the public key that signed it then', async () => {
    const pem = await readFile(`${golden}/public-key.pem`, 'utf8');
    const result = await verifySegments(segmentsIn(golden), { keys: [{ keyId: 'file:golden', pem }] });
    expect(result).toMatchObject({
      ok: true,
      segments: 1,
      entries: 3,
      verifiedTo: { seq: 3, hash: 'sha256:5eff3060fa9012eb78e616804135743082fc816eb812c266b17186b1147cf5f0' },
    });
  });
});
