import { tokenPrefix } from '../tokens/text.ts';

/** What a request presents in its `Authorization` header. */
export type Credential =
  | { readonly by: 'token'; readonly text: string; readonly user?: string }
  | { readonly by: 'password'; readonly user: string; readonly password: string }
  | { readonly by: 'jwt'; readonly text: string };

/** Longer is no credential: the tokens of a member of two hundred groups have some ten thousand characters. */
export const credentialCharsMax = 16_384;

const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** What the JSON of a header begins with, in base64url. */
const jwtStart = 'eyJ';

/**
 * The credential in an `Authorization` header: a bearer token, or Basic with a token or a password behind the user,
 * whose name says nothing beside a token that names its own. `undefined` where there is none or it is of no form that can be one.
 */
export function credentialIn(header: string): Credential | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +([\w.~+/=-]+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      if (value.startsWith(tokenPrefix)) return { by: 'token', text: value };
      return jwt.test(value) ? { by: 'jwt', text: value } : undefined;
    case 'basic':
      return basicIn(value);
    default:
      return undefined;
  }
}

/** https://www.rfc-editor.org/rfc/rfc7617: base64 of the user, a colon, and the password in UTF-8. */
function basicIn(encoded: string): Credential | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || !Buffer.from(text).equals(bytes)) return undefined;
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  if (password.startsWith(jwtStart) && jwt.test(password)) return { by: 'jwt', text: password };
  return password.startsWith(tokenPrefix)
    ? { by: 'token', text: password, user }
    : { by: 'password', user, password };
}
