import type { Card } from './card.ts';

/** What an auditor finds in the archive, and how it is checked without the platform. */
export function readme({ model, version, signature, artifact }: Card): string {
  const title = `Evidence for version ${version.version} of model ${oneLine(model.name)}`;
  return [
    title,
    '='.repeat(title.length),
    '',
    'card.md, card.json    what is known of the version: purpose, limits, run, metrics, data, inspection',
    'lineage.json          what it came of and what came of it, as nodes and edges',
    'data.json             the data it was made and judged by, with digests',
    'promotions.json       what each gate was judged by and said, who approved, who overrode it and why,',
    '                      and the policies that asked for it',
    'alias-history.json    when it gained and lost each alias, by whom and why',
    'events.json           what happened to it, in order, with digests of the state before and after',
    ...(artifact ? ['manifest.json         every file of the model with its SHA-256'] : []),
    ...(signature.signed_at === null
      ? []
      : ['signature/            the signature over these files, and the public key it was made with']),
    'SHA256SUMS            digests of the files above',
    '',
    'Times are milliseconds since 1970-01-01 UTC, digests are SHA-256.',
    '',
    'To check that this archive is whole:',
    '',
    '    sha256sum --check SHA256SUMS',
    '',
    ...(artifact
      ? [`The SHA-256 of manifest.json must be ${artifact.manifest_digest.replace('sha256:', '')}.`, '']
      : []),
    ...(signature.valid
      ? [
          'To check that the files of a model are those that were signed (Python package model-signing, which is',
          'not of this platform), get them into a folder, for instance by',
          '',
          `    mlflow artifacts download --artifact-uri ${quoted(`models:/${oneLine(model.name)}/${version.version}`)} --dst-path model`,
          '    model_signing verify key model --signature signature/model.sig --public_key signature/public-key.pem',
          '',
        ]
      : [`Its signature does not hold. ${oneLine(signature.reason ?? '')}`, '']),
  ].join('\n');
}

/** One word to a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
