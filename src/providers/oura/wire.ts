/** What the token endpoint answers, to an exchange and to a refresh. */
export interface OuraToken {
  access_token: string;
  refresh_token?: string;
  /** Seconds. */
  expires_in?: number;
  token_type?: string;
  /** Blank-separated; some answers leave it out. */
  scope?: string;
}

/** RFC 6749 §5.2. */
export interface OuraTokenError {
  error: string;
  error_description?: string;
}

/** `GET /v2/usercollection/personal_info`: everything but `id` may be null (Oura OpenAPI). */
export interface OuraPersonalInfo {
  id: string;
  age?: number | null;
  /** Kilograms. */
  weight?: number | null;
  /** Metres. */
  height?: number | null;
  biological_sex?: string | null;
  email?: string | null;
}

export function isOuraToken(json: unknown): json is OuraToken {
  return isObject(json) && typeof json.access_token === 'string' && json.access_token !== '';
}

export function isOuraTokenError(json: unknown): json is OuraTokenError {
  return isObject(json) && typeof json.error === 'string';
}

export function isOuraPersonalInfo(json: unknown): json is OuraPersonalInfo {
  return isObject(json) && typeof json.id === 'string' && json.id !== '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
