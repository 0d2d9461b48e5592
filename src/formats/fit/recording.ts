/** A decoded FIT file as plain records: times in epoch milliseconds, units in the names, missing members left out. */
export interface FitRecording {
  /** Stable id of the recording: serial and creation time, else the SHA-256 of its bytes; `#n` for part n of a chain. */
  recordId: string;
  /** What the file holds, e.g. `activity`, `settings`. */
  fileType: string | undefined;
  device: { manufacturer?: string; product?: string; serial?: string; softwareVersion?: string };
  /** Minutes east of UTC that the device stated. */
  offsetMinutes: number | undefined;
  sessions: FitSession[];
  /** The device wrote no summary; the one session was taken from the points. */
  brokenOff: boolean;
}

export interface FitSession {
  startMs: number;
  endMs: number;
  sport: string | undefined;
  subSport: string | undefined;
  profileName: string | undefined;
  totals: FitTotals;
  startPosition: [number, number] | undefined;
  endPosition: [number, number] | undefined;
  laps: FitLap[];
  points: FitPoint[];
  /** Intervals in which the timer stood still, in order. */
  pauses: { startMs: number; endMs: number }[];
}

export interface FitTotals {
  elapsedSeconds?: number;
  timerSeconds?: number;
  distanceMetres?: number;
  kilocalories?: number;
  metabolicKilocalories?: number;
  /** Strides for running and walking, pedal or stroke cycles otherwise. */
  cycles?: number;
  averageSpeed?: number;
  maximumSpeed?: number;
  averageHeartRate?: number;
  maximumHeartRate?: number;
  minimumHeartRate?: number;
  averageCadence?: number;
  maximumCadence?: number;
  averagePower?: number;
  maximumPower?: number;
  normalizedPower?: number;
  trainingStressScore?: number;
  intensityFactor?: number;
  workJoules?: number;
  ascentMetres?: number;
  descentMetres?: number;
  averageAltitude?: number;
  maximumAltitude?: number;
  minimumAltitude?: number;
  poolLengthMetres?: number;
  activeLengths?: number;
  /** Seconds in heart-rate zones, from zone 0 up. */
  zoneSeconds?: number[];
}

export interface FitLap {
  startMs: number;
  endMs: number;
  totals: FitTotals;
  trigger: string | undefined;
  stroke: string | undefined;
}

export interface FitPoint {
  atMs: number;
  position?: [number, number];
  altitude?: number;
  heartRate?: number;
  cadence?: number;
  distance?: number;
  speed?: number;
  power?: number;
  /** Muscle oxygen saturation in percent. */
  muscleOxygen?: number;
}
