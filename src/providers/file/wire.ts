/** What the file decoder hands over: one recording per file, or per part of a chained file. */
export type {
  FitLap as Lap,
  FitPoint as Point,
  FitRecording as Recording,
  FitSession as Session,
  FitTotals as Totals,
} from '../../formats/fit/recording.ts';
