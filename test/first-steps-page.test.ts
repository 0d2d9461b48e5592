import { describe, expect, test } from 'vitest';
import type { DeliveryRow, EventRow } from '../src/api/first-steps/wire.ts';
import { eventState, isOpen, mergeEvents } from '../web/first-steps/merge-events.ts';
import { languages } from '../web/first-steps/snippets.ts';

function event(id: string, deliveries: Partial<DeliveryRow>[] = []): EventRow {
  const row = { id: 'd', destination_id: 'x', state: 'pending' as const, trace_id: 't', due_at: '', tries: [] };
  return {
    id,
    type: 'auth',
    is_data: false,
    created_at: '',
    reference: '',
    bytes: 1,
    deliveries: deliveries.map((delivery) => ({ ...row, ...delivery })),
  };
}

const attempt = {
  number: 1,
  at: '',
  outcome: 'retry' as const,
  status: 500,
  reason: null,
  response_text: null,
  duration_ms: 1,
};

describe('the list of events', () => {
  test('is newest first, without doubles, with the fresh copy', () => {
    const fresh = event('2', [{ state: 'delivered' }]);
    expect(mergeEvents([event('2'), event('1')], [event('3'), fresh])).toEqual([event('3'), fresh, event('1')]);
  });

  test('shows the state that needs attention first', () => {
    expect(eventState(event('1'))).toBe('kept');
    expect(eventState(event('1', [{}]))).toBe('pending');
    expect(eventState(event('1', [{ state: 'delivered' }, { tries: [attempt] }]))).toBe('retrying');
    expect(eventState(event('1', [{ state: 'delivered' }, { state: 'dead' }]))).toBe('failed');
    expect(eventState(event('1', [{ state: 'delivered' }, { state: 'cancelled' }]))).toBe('delivered');
    expect(eventState(event('1', [{ state: 'cancelled' }]))).toBe('cancelled');
    expect(isOpen(event('1', [{ state: 'delivered' }, {}]))).toBe(true);
    expect(isOpen(event('1', [{ state: 'dead' }]))).toBe(false);
  });
});

describe('the code to copy', () => {
  const input = { devId: 'my-dev', baseUrl: 'http://localhost:3000/v2' };

  test('holds the real dev-id and address, and a key only where one was made', () => {
    for (const language of languages({ ...input, apiKey: undefined, userId: undefined })) {
      const [link] = language.snippets;
      expect(link?.code).toContain('my-dev');
      expect(link?.code).toContain('http://localhost:3000/v2');
      expect(link?.code).toContain('YOUR_API_KEY');
    }
    for (const language of languages({ ...input, apiKey: 'key-1', userId: 'user-1' })) {
      const all = language.snippets.map((snippet) => snippet.code).join('\n');
      expect(all).toContain('key-1');
      expect(all).toContain('user-1');
      expect(all).not.toMatch(/YOUR_API_KEY|A_USER_ID/);
    }
  });
});
