/**
 * The shapes of secrets, by what their issuers document. Precise rather than broad: a digest, an id or encoded
 * data must never look like one, so a shape needs a mark of its issuer or the words that stand before a key.
 *
 * Every pattern is linear in the length of the text: where one may begin is told by the characters before it,
 * such that no two beginnings scan the same run, and what is not so bounded has a bound of its own.
 */
export type Detector = {
  /** What people call it; it stands in place of the secret. */
  readonly kind: string;
  /** Group 1, where there is one, is the secret and what is before it is kept. */
  readonly pattern: RegExp;
  /** Whether the match is one, by what stands around it. */
  readonly holds?: (match: RegExpExecArray) => boolean;
  /** Where the secret ends, when the pattern finds its beginning only. */
  readonly end?: (match: RegExpExecArray) => number | undefined;
};

/** Not in the middle of a word; the `n` of a `\n` in JSON, and the digits of a `%3D` in a URL, are no part of one. */
const start = String.raw`(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))`;
const stop = String.raw`(?![\w-])`;

function word(kind: string, shape: string, options: Pick<Detector, 'holds'> = {}): Detector {
  return { kind, pattern: new RegExp(`${start}(?:${shape})${stop}`, 'dg'), ...options };
}

/** What people write where a password would stand. */
const placeholder =
  /^(?:\*+|•+|x{3,}|X{3,}|\.{3,}|\$\{?[A-Za-z_]\w*\}?|\$\([^)]*\)|\{[^}]*\}|\{\{.*|<.*|%[sd]|%\(?\w*\)?s|\[.*|(?:your[-_]?)?(?:password|passwd|pass|pwd|secret|token)|changeme|redacted)$/i;
const isMeant = (match: RegExpExecArray) => !placeholder.test(match[1] ?? '');

/** The only one that a URL without further marks can be of. RFC 3986, 3.2.1 */
export const userinfo: Detector = {
  kind: 'password in a URL',
  // An image of a registry has a tag and a digest where a URL has a password and a host.
  pattern:
    /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@?#"'<>\\]{0,100}:([^\s/?#"'<>\\]{1,200})@(?!sha256:)/dgi,
  holds: isMeant,
};

export const detectors: readonly Detector[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  word('AWS access key id', '(?:AKIA|ASIA)[A-Z2-7]{16}'),
  {
    kind: 'AWS secret key',
    pattern:
      /(?<![a-z0-9])(?:aws[_-]?)?secret[_-]?(?:access[_-]?)?key["']?\s{0,4}[=:]\s{0,4}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi,
  },
  // https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
  {
    kind: 'Azure account key',
    pattern: /(?:AccountKey|SharedAccessKey)\s{0,4}=\s{0,4}["']?([A-Za-z0-9+/%]{43,120}={0,2})/dgi,
  },
  // Keys that mark themselves: https://github.com/microsoft/security-utilities
  {
    kind: 'Azure account key',
    pattern: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{76}(?:\+ASt|ACDb)[A-Za-z0-9+/]{5}[AQgw]==/dg,
  },
  {
    kind: 'signed URL',
    pattern: /(?<![A-Za-z0-9_])sig=([A-Za-z0-9%+/_-]{20,200}={0,2})/dg,
    holds: (match) => /(?<![A-Za-z0-9_])(?:se|sv)=/.test(querySurrounding(match)),
  },
  { kind: 'signed URL', pattern: /X-(?:Amz|Goog)-Signature=([0-9a-f]{40,1024})/dgi },
  word('Entra client secret', String.raw`[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}`),
  {
    kind: 'private key',
    pattern: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/dg,
    end: endOfPem,
  },
  // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
  word('GitHub token', 'gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{20,24}_[A-Za-z0-9]{50,80}'),
  word('GitLab token', 'glpat-[A-Za-z0-9_-]{20,64}'),
  // https://api.slack.com/concepts/token-types
  word(
    'Slack token',
    'xox[abeprs]-[0-9]{1,20}-[A-Za-z0-9-]{10,250}|xapp-[0-9]-[A-Z0-9]{8,16}-[0-9]{8,16}-[0-9a-f]{32,80}',
  ),
  {
    kind: 'Slack webhook',
    pattern:
      /hooks\.slack\.com\/(?:services|workflows)\/([A-Z0-9]{8,12}\/[A-Z0-9]{8,12}\/[A-Za-z0-9]{20,30})(?![A-Za-z0-9])/dg,
  },
  word('Google API key', 'AIza[A-Za-z0-9_-]{35}'),
  word('Google client secret', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  word('Google access token', String.raw`ya29\.[A-Za-z0-9_-]{30,2000}`),
  word(
    'OpenAI key',
    'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}',
  ),
  word('Anthropic key', 'sk-ant-[A-Za-z0-9]{3,10}-[A-Za-z0-9_-]{40,200}'),
  word('Hugging Face token', '(?:hf|api_org)_[A-Za-z0-9]{34,40}'),
  word('Databricks token', 'dapi[0-9a-f]{32}(?:-[0-9])?'),
  word('npm token', 'npm_[A-Za-z0-9]{36}'),
  word('PyPI token', 'pypi-AgE[A-Za-z0-9_-]{50,1000}'),
  word('Cairn token', 'cairn_[0-9a-f]{16}_[A-Za-z0-9]{40,60}'),
  // RFC 7519 with a signature: header and payload are JSON objects.
  {
    kind: 'JSON web token',
    pattern:
      /(?:(?<![\w+/.-])|(?<=\\[nrt]))eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{20,1500}/dg,
  },
  {
    kind: 'credential of a request',
    pattern:
      /Authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:Bearer|Basic)\s{1,4}([A-Za-z0-9._~+/-]{12,4000}={0,2})/dgi,
  },
  userinfo,
  {
    kind: 'password in a URL',
    pattern: /[?&](?:password|passwd|pwd|access_token|client_secret|api_?key)=([^&\s"'<>#\\;]{4,400})/dgi,
    holds: isMeant,
  },
  // The code of a function app: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
  { kind: 'password in a URL', pattern: /\/api\/[^\s?"']{1,200}\?code=([A-Za-z0-9_%/+-]{40,120}={0,2})/dg },
  {
    kind: 'password of a connection',
    pattern: /;\s{0,4}(?:password|pwd)\s{0,4}=\s{0,4}([^;\s"'\\]{4,200})/dgi,
    holds: isMeant,
  },
  // https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
  {
    kind: 'password of a connection',
    pattern: /(?<=\s)password=([^\s"'\\]{4,200})/dg,
    holds: (match) => isMeant(match) && /(?:^|\s)(?:host|hostaddr|dbname)=/.test(lineSurrounding(match)),
  },
];

/** Values that say nothing by themselves, but under such a name. */
export const namedDetectors: readonly {
  readonly kind: string;
  readonly name: RegExp;
  readonly value: RegExp;
}[] = [
  { kind: 'AWS secret key', name: /secret[_.-]?(?:access[_.-]?)?key$/i, value: /^[A-Za-z0-9/+]{40}$/ },
  {
    kind: 'Azure account key',
    name: /(?:account|storage|shared[_.-]?access)[_.-]?key$/i,
    value: /^[A-Za-z0-9+/]{43}=$|^[A-Za-z0-9+/]{86}==$/,
  },
  { kind: 'Databricks token', name: /databricks[_.-]?token$/i, value: /^[0-9a-f]{32,36}$/ },
];

/** What every match has in it, but for one of {@link userinfo}: a text without any of these is no other's. */
export const marks =
  /AKIA|ASIA|secret|key\s{0,4}=|sig=|-Signature=|\+ASt|ACDb|Q~|PRIVATE KEY|gh[oprsu]_|github_pat_|glpat-|xox[abeprs]-|xapp-|hooks\.slack|AIza|GOCSPX|ya29|sk-|hf_|api_org_|dapi|npm_|pypi-|cairn_|eyJ|Authorization|[?&](?:password|passwd|pwd|access_token|client_secret|api_?key|code)=|[;\s](?:password|pwd)/i;

/** Characters that are looked at on either side of a match. */
const aroundCharsMax = 400;

/** The rest of the query that a match stands in, up to what no URL has in it. */
function querySurrounding({ index, input, 0: { length } }: RegExpExecArray): string {
  const isOutside = (at: number) => ' \n\r\t"\'<>'.includes(input.charAt(at));
  let from = index;
  let to = index + length;
  while (from > Math.max(0, index - aroundCharsMax) && !isOutside(from - 1)) from--;
  while (to < Math.min(input.length, index + length + aroundCharsMax) && !isOutside(to)) to++;
  return `${input.slice(from, index)}&${input.slice(index + length, to)}`;
}

/** Characters of a connection's words on either side of its password. */
const lineCharsMax = 300;

function lineSurrounding({ index, input }: RegExpExecArray): string {
  return input.slice(Math.max(0, index - lineCharsMax), index + lineCharsMax);
}

/** Lines of a key and the headers before them (RFC 7468, RFC 1421), also where JSON escaped their ends. */
const pemLines = /^[A-Za-z0-9+/=\s\\:,.-]*/;
const pemKeyLine = /[A-Za-z0-9+/=]{24}/;
/** The line that ends it: what follows the five hyphens. */
const pemEnd = /^-----END [A-Z0-9 ]{0,60}-----/;
/** Of the largest RSA key and more. */
const pemCharsMax = 20_000;

/** Where a private key ends that begins here; where its last line is missing, where its lines do. */
function endOfPem({ index, input, 0: { length } }: RegExpExecArray): number | undefined {
  const from = index + length;
  const rest = input.slice(from, from + pemCharsMax);
  const hyphens = rest.indexOf('-----');
  const body = hyphens < 0 ? rest : rest.slice(0, hyphens);
  const lines = pemLines.exec(body)?.[0] ?? '';
  if (!pemKeyLine.test(lines)) return undefined;
  const last = lines.length === body.length ? pemEnd.exec(rest.slice(body.length, body.length + 80)) : null;
  return from + (last ? body.length + last[0].length : lines.trimEnd().length);
}
