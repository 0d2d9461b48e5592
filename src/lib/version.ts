/** The version in package.json, for the user agent and the health page. A test keeps the two equal. */
export const VERSION = '0.1.0';

/** Product token of every request that leaves (RFC 9110 §10.1.5). */
export const USER_AGENT = `Solum/${VERSION}`;
