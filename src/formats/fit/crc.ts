const NIBBLES = [
  0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401, 0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01,
  0x8801, 0x4400,
];

/** CRC-16 of a FIT file over `bytes[start, end)`, a nibble at a time (FIT protocol, "CRC"). */
export function fitCrc(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    crc = step(step(crc, byte & 0x0f), byte >> 4);
  }
  return crc;
}

function step(crc: number, nibble: number): number {
  const folded = NIBBLES[crc & 0x0f] ?? 0;
  return ((crc >> 4) & 0x0fff) ^ folded ^ (NIBBLES[nibble] ?? 0);
}
