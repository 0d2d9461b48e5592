/** Whose key a sealed value is under. Deleting the key erases the value. */
export interface KeyOwner {
  environmentId: string;
  scope: 'environment' | 'account' | 'connection';
  /** Id of the environment, account or connection. */
  ownerId: string;
}

/** Where a sealed value stands: additional authenticated data, so that values cannot be swapped between rows. */
export interface SealedPlace {
  table: string;
  row: string;
  field: string;
}
