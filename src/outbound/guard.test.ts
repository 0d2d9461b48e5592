import { describe, expect, test } from 'vitest';
import { createGuard } from './guard.ts';

const strict = createGuard({ allowAddresses: [], allowLoopback: false });

describe('public addresses pass', () => {
  test.each(['8.8.8.8', '18.133.218.210', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s', (address) => {
    expect(strict.allows(address)).toBe(true);
  });
});

describe('everything else is refused', () => {
  test.each([
    ['this host', '0.0.0.0'],
    ['private 10/8', '10.0.0.1'],
    ['private 172.16/12', '172.31.255.254'],
    ['private 192.168/16', '192.168.1.1'],
    ['carrier grade', '100.64.0.1'],
    ['loopback', '127.0.0.1'],
    ['loopback, any', '127.8.9.10'],
    ['cloud metadata', '169.254.169.254'],
    ['protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['hexadecimal', '0x7f000001'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['short', '127.1'],
    ['IPv6 loopback', '::1'],
    ['IPv6 unspecified', '::'],
    ['mapped private', '::ffff:10.0.0.1'],
    ['mapped in hexadecimal', '::ffff:a9fe:a9fe'],
    ['IPv4-compatible', '::7f00:1'],
    ['translated', '64:ff9b::a00:1'],
    ['6to4', '2002:a00:1::'],
    ['Teredo', '2001::1'],
    ['unique local', 'fd00::1'],
    ['link local', 'fe80::1'],
    ['link local with zone', 'fe80::1%eth0'],
    ['site local', 'fec0::1'],
    ['IPv6 documentation', '2001:db8::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['unassigned IPv6', '4000::1'],
    ['no address', 'example.com'],
    ['nothing', ''],
  ])('%s: %s', (_, address) => {
    expect(strict.allows(address)).toBe(false);
  });
});

test('loopback passes where the operator is alone on the machine, and nothing else with it', () => {
  const guard = createGuard({ allowAddresses: [], allowLoopback: true });
  expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map((address) => guard.allows(address))).toEqual([true, true, true]);
  expect(['10.0.0.1', '0.0.0.0', '169.254.169.254'].map((address) => guard.allows(address))).toEqual([
    false,
    false,
    false,
  ]);
});

test('allowed networks pass, also in mapped form, and their neighbours do not', () => {
  const guard = createGuard({ allowAddresses: ['10.1.0.0/16', 'fd12::/16', '192.168.7.7'], allowLoopback: false });
  expect(guard.allows('10.1.2.3')).toBe(true);
  expect(guard.allows('::ffff:10.1.2.3')).toBe(true);
  expect(guard.allows('fd12::9')).toBe(true);
  expect(guard.allows('192.168.7.7')).toBe(true);
  expect(guard.allows('10.2.0.1')).toBe(false);
  expect(guard.allows('fd13::9')).toBe(false);
  expect(guard.allows('192.168.7.8')).toBe(false);
});

test('an entry that is no network is named', () => {
  expect(() => createGuard({ allowAddresses: ['office'], allowLoopback: false })).toThrow('"office"');
});
