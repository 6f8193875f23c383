const words: Readonly<Record<string, string>> = {
  open: 'nobody needs to sign in',
  entra: 'signed in with Microsoft',
  github: 'a GitHub Actions workflow',
  token: 'signed in by a token',
  password: 'signed in by a password',
  'admin-token': 'signed in by this machine’s admin token',
};

/** How somebody proved who they are. */
export function viaWords(via: string): string {
  return words[via] ?? `signed in by ${via}`;
}
