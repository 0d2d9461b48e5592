import { afterEach, expect, test } from 'vitest';
import { type ClosableDecoder, createFileDecoder, type DecoderOptions } from './decoder.ts';
import { decodeFit } from './fit/decode.ts';
import { bigFit, slowFit, smallFit } from './fit/make-fit.fixture.ts';

const open: ClosableDecoder[] = [];

function decoder(options?: DecoderOptions): ClosableDecoder {
  const made = createFileDecoder(options);
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

test('the thread reads a file exactly as the decoder does', async () => {
  const bytes = smallFit();
  expect(await decoder().decode('fit', bytes)).toEqual(decodeFit(bytes));
});

test('a file is left as it was, and a slice of a larger buffer is read alone', async () => {
  const bytes = smallFit();
  const larger = Buffer.concat([Buffer.alloc(7, 0xee), bytes, Buffer.alloc(9, 0xee)]);
  const slice = larger.subarray(7, 7 + bytes.length);
  expect(await decoder().decode('fit', slice)).toEqual(decodeFit(bytes));
  expect(Buffer.from(slice).equals(bytes)).toBe(true);
});

test('files that are given together are all answered, each with its own', async () => {
  const reader = decoder();
  const files = [1, 2, 3, 4].map((serial) => smallFit({ serial }));
  const answers = await Promise.all(files.map((file) => reader.decode('fit', file)));
  expect(answers).toEqual(files.map((file) => decodeFit(file)));
});

test('what is not a FIT file is not recognised, and refused when it is read as one', async () => {
  const text = new TextEncoder().encode('<?xml version="1.0"?><gpx></gpx>');
  const reader = decoder();
  expect(reader.sniff(text)).toBeUndefined();
  expect(reader.sniff(smallFit())).toBe('fit');
  expect(await reader.decode('fit', text)).toEqual({ refused: 'this is not a FIT file' });
  expect(await reader.decode('gpx', text)).toEqual({ refused: 'GPX files cannot be read' });
});

test('a file above the size limit is refused unread', async () => {
  const answer = await decoder().decode('fit', new Uint8Array(64 * 1024 * 1024 + 1));
  expect(answer).toEqual({ refused: 'the file is larger than 64 MB' });
});

test('a file that takes too long is refused, and the next one is read', async () => {
  const reader = decoder({ timeoutMs: 2_000 });
  const small = smallFit();
  const [slow, next] = await Promise.all([reader.decode('fit', slowFit()), reader.decode('fit', small)]);
  expect(slow).toEqual({ refused: 'the file takes too long to read' });
  expect(next).toEqual(decodeFit(small));
});

test('a file that takes too much memory is refused, and the next one is read', async () => {
  const reader = decoder({ maxMemoryMb: 48 });
  expect(await reader.decode('fit', bigFit(700_000))).toEqual({ refused: 'the file takes too much memory to read' });
  const small = smallFit();
  expect(await reader.decode('fit', small)).toEqual(decodeFit(small));
});

test('after closing, files are refused', async () => {
  const reader = decoder();
  await reader.decode('fit', smallFit());
  await reader.close();
  expect(await reader.decode('fit', smallFit())).toEqual({ refused: 'reading was stopped' });
});

test('closing ends a file that is being read', async () => {
  const reader = decoder();
  await reader.decode('fit', smallFit());
  const reading = reader.decode('fit', slowFit());
  await Promise.resolve();
  await reader.close();
  expect(await reading).toEqual({ refused: 'reading was stopped' });
});
