import { CairnError } from '../http/index.ts';

/** Where a deployment of the platform sends to: hosts on the public internet by TLS, or, on a laptop, any. */
export type Targets = 'public' | 'any';

/** What a URL is called where it is refused: `Webhook URL`. */
export type UrlName = 'Webhook URL' | 'Scoring URL' | 'Executor URL';

const urlCharsMax = 2048;

/**
 * Azure answers here from within every virtual network: its DNS, DHCP and health probes, on an address that
 * looks public. https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const platformAddresses: readonly string[] = ['168.63.129.16'];

/** Throws `invalid` where {@link whyNoTarget} has a reason. */
export async function checkTarget(
  url: string,
  targets: Targets,
  name: UrlName,
  field: string,
): Promise<void> {
  const why = await whyNoTarget(url, targets, name);
  if (why !== undefined) throw new CairnError('invalid', why, { field });
}

/**
 * Why nothing is sent to a URL, as far as it can be told by the URL alone; `undefined` where something is. What its
 * name resolves to is checked whenever something is sent. The reason repeats nothing of the URL but its scheme:
 * it may hold a secret.
 */
export async function whyNoTarget(url: string, targets: Targets, name: UrlName): Promise<string | undefined> {
  if (url.trim() === '') return `${name} cannot be empty or just whitespace.`;
  if (url.length > urlCharsMax) return `${name} is over ${urlCharsMax} characters.`;
  // The parser of URLs would drop these silently, or read a backslash as a slash.
  if (/[\s\p{Cc}\\]/u.test(url))
    return `${name} must not hold spaces, backslashes or control characters; percent-encode them.`;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const schemes = targets === 'any' ? ['http', 'https'] : ['https'];
  if (!schemes.includes(scheme))
    return `Invalid ${name.replace(/^./, (first) => first.toLowerCase())} scheme: '${scheme.slice(0, 20)}'. Allowed schemes are: ${schemes.join(', ')}.`;
  if (!/^\w+:\/\/[^/?#]/.test(url)) return `${name} must include a hostname.`;
  if (!URL.canParse(url)) return `${name} is not a valid URL.`;
  const { hostname, username, password } = new URL(url);
  if (username !== '' || password !== '')
    return `${name} must not hold a user name or password; give a secret instead.`;
  if (targets === 'any') return undefined;
  const address = literalAddress(hostname);
  if (address === undefined ? isLocalName(hostname) : !(await isPublicAddress(address)))
    return `${name} must lead to a public address, not to a private, loopback or link-local one.`;
  return undefined;
}

/**
 * The address that a URL's hostname is, without brackets; `undefined` for a name. The parser of URLs has by
 * then written every spelling of an IPv4 address (`0x7f.1`, `2130706433`) with four decimals.
 */
export function literalAddress(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname : undefined;
}

function isLocalName(hostname: string): boolean {
  return /(^|\.)localhost\.?$/i.test(hostname);
}

/**
 * Whether an address is one host of the public internet. An IPv6 address that carries an IPv4 address
 * (mapped, translated, NAT64, 6to4) is as public as that one.
 */
export async function isPublicAddress(address: string): Promise<boolean> {
  const { default: ipaddr } = await import('ipaddr.js');
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return isPublicV4(parsed.toByteArray());
  const bytes = parsed.toByteArray();
  switch (parsed.range()) {
    case 'unicast':
      // All that is handed out so far is below 2000::/3 (RFC 4291); ::/96 and the rest lead nowhere public.
      return (bytes[0] ?? 0) >> 5 === 1;
    case 'ipv4Mapped':
    case 'rfc6145':
    case 'rfc6052':
      return !isLocalNat64(bytes) && isPublicV4(bytes.slice(12));
    case '6to4':
      return isPublicV4(bytes.slice(2, 6));
    default:
      return false;
  }

  function isPublicV4(octets: number[]): boolean {
    const v4 = ipaddr.fromByteArray(octets);
    return v4.range() === 'unicast' && !platformAddresses.includes(v4.toString());
  }
}

/** 64:ff9b:1::/48 is for networks of one's own, and holds the IPv4 address where its network wants it (RFC 8215). */
function isLocalNat64(bytes: readonly number[]): boolean {
  return bytes[0] === 0 && bytes[1] === 0x64 && bytes[5] === 1;
}
