import Value from 'typebox/value';
import { DATA_TYPES } from '../core/data-type.ts';
import type { EnvironmentKind } from '../core/environment.ts';
import { Problem } from '../core/problem.ts';
import { type EnvironmentSettings, environmentSettings } from '../schema/environment-settings.ts';

const TRIAL_USER_LIMIT = 50;

const SETTINGS: Record<string, object> = environmentSettings.properties;

/** Settings of a new environment. Testing and staging take 50 users, production any number. */
export function defaultSettings(kind: EnvironmentKind): EnvironmentSettings {
  const settings = Value.Create(environmentSettings);
  return kind === 'production' ? settings : { ...settings, user_limit: TRIAL_USER_LIMIT };
}

/**
 * The settings with one `name=value` applied. Lists are separated by commas, `null` clears what may be null, `default`
 * takes the default back. Throws `bad_request` naming the setting.
 */
export function withSetting(settings: EnvironmentSettings, assignment: string): EnvironmentSettings {
  const at = assignment.indexOf('=');
  const name = (at === -1 ? assignment : assignment.slice(0, at)).trim();
  const schema = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (!schema) throw new Problem('bad_request', { field: name, detail: `there is no setting ${name}` });
  if (at === -1) throw new Problem('bad_request', { field: name, detail: `write ${name}=<value>` });
  const text = assignment.slice(at + 1).trim();
  const value =
    text === 'default' ? Value.Create(schema) : readings(text).find((reading) => Value.Check(schema, reading));
  if (value === undefined)
    throw new Problem('bad_request', { field: name, detail: `${name} does not take this value` });
  // Settings that were added since the environment was saved get their defaults.
  const next: unknown = { ...Value.Create(environmentSettings), ...settings, [name]: value };
  Value.Assert(environmentSettings, next);
  checkDataTypes(next);
  return next;
}

/** What a text may mean, most specific first; the setting's schema decides which of them it takes. */
function readings(text: string): unknown[] {
  const list = text === '' ? [] : text.split(',').map((item) => item.trim());
  const truth = { true: true, on: true, false: false, off: false }[text.toLowerCase()];
  const number = /^-?\d+$/.test(text) ? Number(text) : undefined;
  return [text === 'null' || text === '' ? null : undefined, truth, number, list, text].filter(
    (reading) => reading !== undefined,
  );
}

function checkDataTypes(settings: EnvironmentSettings): void {
  const known: readonly string[] = DATA_TYPES;
  const unknown = settings.data_types?.find((type) => !known.includes(type));
  if (unknown !== undefined) {
    throw new Problem('bad_request', { field: 'data_types', detail: `data_types knows no type ${unknown}` });
  }
}
