import type { Context } from '../../context.ts';

/** How OpenLineage names a dataset: https://openlineage.io/docs/spec/naming */
export type DatasetName = { readonly namespace: string; readonly name: string };

/** The namespace of what this platform keeps for a workspace; a name in it is a node id of the graph. */
export function ownNamespace(ctx: Context): string {
  return `cairn://${new URL(ctx.settings.publicUrl).host}/${ctx.workspace}`;
}

/** The name of a location: the authority of a URI is the namespace and its path the name. `undefined` for no location. */
export function nameOfLocation(uri: string): DatasetName | undefined {
  if (uri.startsWith('/')) return { namespace: 'file', name: uri };
  const [, scheme = '', authority = '', path = ''] =
    /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*)\/+|\/*)([^/].*)$/is.exec(uri) ?? [];
  if (scheme === '' || path === '') return undefined;
  if (scheme.toLowerCase() === 'file') return { namespace: 'file', name: `/${path}` };
  // A password in a URL is nobody's to know.
  return authority === ''
    ? undefined
    : { namespace: `${schemeOf(scheme)}://${authority.replace(/^[^@]*:[^@]*@/, '')}`, name: path };
}

/** One text for a location, however it is written; the name of a dataset in OpenLineage is one too. */
export function locationKey({ namespace, name }: DatasetName): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*)(:.*)?$/is.exec(namespace) ?? [];
  const place = scheme === undefined ? namespace : `${schemeOf(scheme)}${rest ?? ''}`;
  return `at ${place.replace(/\/$/, '')}/${name.replace(/^\/+|\/$/g, '')}`;
}

/** S3 has had several schemes, of which the specification takes one. */
function schemeOf(scheme: string): string {
  const lower = scheme.toLowerCase();
  return lower === 's3a' || lower === 's3n' ? 's3' : lower;
}
