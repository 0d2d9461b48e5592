import { calculatePKCECodeChallenge } from 'oauth4webapi';

/** The S256 challenge of a code verifier (RFC 7636 §4.2). */
export function codeChallenge(verifier: string): Promise<string> {
  return calculatePKCECodeChallenge(verifier);
}
