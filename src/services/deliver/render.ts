const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * The bytes that go out. A data event is stored without `user`, because the user may change until the first attempt; it
 * is put in front of the other members. The body, a JSON object, is not parsed: data events can be megabytes long.
 */
export function renderBody(body: Buffer, user: string | undefined): Buffer {
  if (user === undefined) return body;
  const opening = body.indexOf(OPENING);
  const isEmpty =
    body
      .subarray(opening + 1, opening + 9)
      .toString()
      .trimStart()
      .charCodeAt(0) === CLOSING;
  const head = `{"user":${user}${isEmpty ? '' : ','}`;
  return Buffer.concat([Buffer.from(head), body.subarray(opening + 1)]);
}
