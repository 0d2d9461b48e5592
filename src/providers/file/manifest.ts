import { defineProvider } from '../../core/provider.ts';
import { localDay } from '../../lib/time.ts';
import { mapActivity } from './map/activity.ts';
import { localTimeOf } from './map/moment.ts';
import type { Recording } from './wire.ts';

/** Recordings that people bring as files. There is no account to log in to: whose they are is said at import. */
export default defineProvider({
  id: 'FILE',
  name: 'File import',
  domains: [],
  capabilities: ['file'],
  hosts: {},
  credentials: [],
  auth: { kind: 'none' },
  resources: {
    recording: {
      kind: 'record',
      decode: 'fit',
      requests: () => [],
      records: (body) => (Array.isArray(body) ? body : []),
      identity: (recording: Recording) => recording.recordId,
      day: (recording: Recording, context) => {
        const [session] = recording.sessions;
        if (!session) return '';
        return localDay(new Date(session.startMs), localTimeOf(recording, session, context).offsetMinutes);
      },
      unusable,
      window: { maxDays: 1, filterOn: 'start', overlapDays: 0 },
    },
  },
  dataTypes: {
    activity: {
      anchor: ['recording'],
      joins: [],
      group: (recording: Recording) => recording.recordId,
      map: mapActivity,
    },
  },
  limits: [],
});

/** Devices keep settings, courses, weights and day totals in files of the same format. */
function unusable({ fileType, sessions }: Recording): string | undefined {
  if (fileType !== undefined && fileType !== 'activity') return `it holds ${contentOf(fileType)}, not a workout`;
  return sessions.length === 0 ? 'it holds no finished workout' : undefined;
}

const CONTENTS: Record<string, string> = {
  workout: 'a workout plan',
  course: 'a course',
  segment: 'a segment',
  weight: 'weights',
  blood_pressure: 'blood pressures',
  monitoring_a: 'day totals',
  monitoring_b: 'day totals',
  monitoring_daily: 'day totals',
};

function contentOf(fileType: string): string {
  if (/^\d+$/.test(fileType)) return `data of the device's own kind ${fileType}`;
  return CONTENTS[fileType] ?? fileType.replaceAll('_', ' ');
}
