const WHOLE_NUMBER = /^[0-9]{1,18}$/;

/** Whether version `a` is at least as new as `b`: as numbers where both are, else by their bytes. Must agree with `isAtLeastSql`. */
export function isAtLeast(a: string, b: string): boolean {
  if (WHOLE_NUMBER.test(a) && WHOLE_NUMBER.test(b)) return BigInt(a) >= BigInt(b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0;
}

/** The same in SQL, of two expressions. */
export function isAtLeastSql(a: string, b: string): string {
  return `case when ${a} ~ '^[0-9]{1,18}$' and ${b} ~ '^[0-9]{1,18}$'
    then ${a}::bigint >= ${b}::bigint else ${a} collate "C" >= ${b} end`;
}
