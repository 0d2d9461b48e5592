/** Google's encoded polyline, precision 5, of [latitude, longitude] pairs in degrees. */
export function encodePolyline(points: readonly (readonly [number, number])[]): string {
  let text = '';
  let previous: readonly [number, number] = [0, 0];
  for (const [lat, lng] of points) {
    const current: readonly [number, number] = [Math.round(lat * 1e5), Math.round(lng * 1e5)];
    text += encodeSigned(current[0] - previous[0]) + encodeSigned(current[1] - previous[1]);
    previous = current;
  }
  return text;
}

function encodeSigned(value: number): string {
  let rest = value < 0 ? ~(value << 1) : value << 1;
  let text = '';
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63);
    rest >>= 5;
  }
  return text + String.fromCharCode(rest + 63);
}
