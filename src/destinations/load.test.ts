import { expect, test } from 'vitest';
import { checked, loadDestinations, registry } from './load.ts';

const good = { type: 'carrier-pigeon', name: 'Carrier pigeon', fields: [], open: () => ({}) };

test('every folder is found under its type', async () => {
  const destinations = await loadDestinations();
  expect(destinations.all().map((destination) => destination.type)).toContain('webhook');
  expect(destinations.find('webhook')?.name).toBe('Webhook');
  expect(destinations.find('carrier-pigeon')).toBeUndefined();
});

test.each([
  ['no object', undefined],
  ['type', { ...good, type: 'dove' }],
  ['name', { ...good, name: '' }],
  ['open', { ...good, open: true }],
  ['check', { ...good, check: 'yes' }],
  ['fields', { ...good, fields: {} }],
  ['label', { ...good, fields: [{ name: 'loft' }] }],
  [
    'share a name',
    {
      ...good,
      fields: [
        { name: 'loft', label: 'Loft' },
        { name: 'loft', label: 'Loft' },
      ],
    },
  ],
])('a folder with a bad shape stops the start: %s', (_, value) => {
  expect(() => checked('carrier-pigeon', value)).toThrow('destinations/carrier-pigeon');
});

test('a good shape passes, twice does not', () => {
  const pigeon = checked('carrier-pigeon', good);
  expect(() => registry([pigeon, pigeon])).toThrow('carrier-pigeon');
});
