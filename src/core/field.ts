/** One value that an operator or an end user enters; drives validation, command line, forms, documentation and masking. */
export interface Field {
  name: string;
  label: string;
  /** Default `text`. */
  kind?: 'text' | 'secret' | 'url' | 'number' | 'boolean' | 'choice' | 'email' | 'password';
  /** Default true. */
  required?: boolean;
  help?: string;
  /** Regular expression the whole value must match. */
  pattern?: string;
  choices?: readonly { value: string; label: string }[];
  default?: string | number | boolean;
}

/** True for fields whose value is sealed at rest and masked in every output. */
export function isSecretField(field: Field): boolean {
  return field.kind === 'secret' || field.kind === 'password';
}
