import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFit } from './decode.ts';
import { frameFit, isFit } from './frame.ts';
import { chained, fitSeconds, smallFit } from './make-fit.fixture.ts';
import type { FitRecording } from './recording.ts';

function recordingsOf(bytes: Uint8Array): FitRecording[] {
  const decoded = decodeFit(bytes);
  if ('refused' in decoded) throw new Error(decoded.refused);
  return decoded.recordings;
}

function warningsOf(bytes: Uint8Array): string[] {
  const decoded = decodeFit(bytes);
  return 'refused' in decoded ? [decoded.refused] : decoded.warnings;
}

test('a recording has its id, offset, session, lap and points', () => {
  const [recording] = recordingsOf(smallFit());
  expect(recording).toMatchObject({
    recordId: `3141592-${Date.parse('2026-02-03T07:15:00Z') / 1000}`,
    fileType: 'activity',
    device: { manufacturer: 'garmin', serial: '3141592' },
    offsetMinutes: 120,
  });
  const [session] = recording?.sessions ?? [];
  expect(session).toMatchObject({
    startMs: Date.parse('2026-02-03T07:15:00Z'),
    endMs: Date.parse('2026-02-03T07:15:03Z'),
    sport: 'running',
    totals: { elapsedSeconds: 3, timerSeconds: 3, distanceMetres: 9.3, kilocalories: 7, averageHeartRate: 125 },
  });
  expect(session?.laps).toHaveLength(1);
  expect(session?.points.map(({ heartRate, distance }) => [heartRate, distance])).toEqual([
    [120, 3.1],
    [124, 6.2],
    [131, 9.3],
  ]);
});

test('an invalid value is missing, not the number that stands for it', () => {
  const [recording] = recordingsOf(smallFit({ averageHeartRate: 0xff, heartRates: [120, 0xff, 131] }));
  const [session] = recording?.sessions ?? [];
  expect(session?.totals).not.toHaveProperty('averageHeartRate');
  expect(session?.points[1]).not.toHaveProperty('heartRate');
});

test('a device that states no local time has no offset', () => {
  expect(recordingsOf(smallFit({ offsetMinutes: 'none' }))[0]?.offsetMinutes).toBeUndefined();
});

test('a file without a serial number is known by its bytes', () => {
  const bytes = smallFit({ serial: 0 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(recordingsOf(bytes)[0]?.recordId).toBe(sha256);
});

test('chained files are recordings of their own, numbered from the second', () => {
  const second = smallFit({ start: fitSeconds('2026-02-03T09:00:00Z'), serial: 27 });
  const recordings = recordingsOf(chained(smallFit(), second, smallFit({ fileType: 2 })));
  expect(
    recordings.map(({ fileType, recordId }) => [fileType, recordId.includes('#'), recordId.split('#')[1]]),
  ).toEqual([
    ['activity', false, undefined],
    ['activity', true, '1'],
    ['settings', true, '2'],
  ]);
});

test('a wrong checksum is said and does no harm', () => {
  const bytes = smallFit();
  const wrong = Uint8Array.from(bytes);
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 0x55;
  expect(warningsOf(bytes)).toEqual([]);
  expect(warningsOf(wrong)).toEqual(['the checksum is wrong; the file may be damaged']);
  expect(recordingsOf(wrong)[0]?.sessions).toEqual(recordingsOf(bytes)[0]?.sessions);
});

test('bytes behind the last file are ignored and mentioned', () => {
  const bytes = chained(smallFit(), new Uint8Array(5));
  expect(warningsOf(bytes)).toEqual(['5 bytes behind the recording were ignored']);
  expect(recordingsOf(bytes)).toEqual(recordingsOf(smallFit()));
});

test('a file cut off anywhere is read as far as it is whole, and says so', () => {
  const bytes = smallFit();
  const whole = recordingsOf(bytes)[0];
  for (let length = 0; length < bytes.length; length++) {
    const decoded = decodeFit(bytes.subarray(0, length));
    if ('refused' in decoded) {
      expect(length).toBeLessThan(14 + 40);
      continue;
    }
    const [recording] = decoded.recordings;
    expect(decoded.recordings).toHaveLength(1);
    if (length < bytes.length - 2) expect(decoded.warnings).toContain('the file ends early; what is whole was read');
    const points = recording?.sessions[0]?.points ?? [];
    expect(points).toEqual(whole?.sessions[0]?.points.slice(0, points.length));
  }
});

test('a file that is cut off in its second part keeps the first', () => {
  const first = smallFit();
  const second = smallFit({ serial: 27 });
  for (let length = 0; length < second.length; length += 3) {
    const [recording] = recordingsOf(chained(first, second.subarray(0, length)));
    expect(recording).toEqual(recordingsOf(first)[0]);
  }
});

test('a recording that was broken off is taken from its points', () => {
  const bytes = smallFit({ brokenOff: true });
  const [session] = recordingsOf(bytes)[0]?.sessions ?? [];
  expect(session).toMatchObject({
    startMs: Date.parse('2026-02-03T07:15:00Z'),
    endMs: Date.parse('2026-02-03T07:15:02Z'),
    totals: { elapsedSeconds: 2, timerSeconds: 2, distanceMetres: 9.3 },
  });
  expect(session?.points).toHaveLength(3);
  expect(warningsOf(bytes)).toEqual(['the recording was broken off; its totals were taken from its points']);
});

test('a device whose clock was never set is mentioned', () => {
  expect(warningsOf(smallFit({ start: 16_000_000 }))).toEqual([
    'the clock of the device was not set; the dates are wrong',
  ]);
});

test('no bytes at all, text and foreign headers are refused', () => {
  for (const bytes of [new Uint8Array(), new TextEncoder().encode('.FIT'), new Uint8Array(64)]) {
    expect(isFit(bytes)).toBe(false);
    expect(decodeFit(bytes)).toEqual({ refused: 'this is not a FIT file' });
  }
});

test('damaged bytes never throw', () => {
  const bytes = smallFit();
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = Uint8Array.from(bytes);
      for (const [at, value] of changes) damaged[at] = value;
      const decoded = decodeFit(damaged);
      expect('refused' in decoded || Array.isArray(decoded.recordings)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('bytes behind a FIT header never throw', () => {
  const header = Buffer.from([14, 0x10, 0, 0, 0xff, 0xff, 0, 0, 0x2e, 0x46, 0x49, 0x54, 0, 0]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const decoded = decodeFit(Buffer.concat([header, tail]));
      expect('refused' in decoded || Array.isArray(decoded.recordings)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('the frames of a chain are self-contained files', () => {
  const parts = [smallFit(), smallFit({ serial: 27 })];
  const { frames, warnings } = frameFit(chained(...parts));
  expect(warnings).toEqual([]);
  expect(frames.map((frame) => [Buffer.from(frame.bytes).toString('hex'), frame.checksum, frame.truncated])).toEqual(
    parts.map((part) => [Buffer.from(part).toString('hex'), 'ok', false]),
  );
});
