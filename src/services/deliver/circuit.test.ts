import { expect, test } from 'vitest';
import { Circuit } from './circuit.ts';

function failing(times: number, circuit = new Circuit(), now = 0): Circuit {
  for (let n = 0; n < times; n += 1) circuit.failed(now);
  return circuit;
}

test('nine failures in a row change nothing, the tenth opens', () => {
  const circuit = failing(9);
  expect(circuit.limit(32, 0)).toBe(32);
  expect(circuit.failed(0)).toBe(true);
  expect(circuit.limit(32, 0)).toBe(0);
  expect(circuit.pausedUntil).toBe(5_000);
});

test('a success in between starts the count again', () => {
  const circuit = failing(9);
  circuit.succeeded();
  failing(9, circuit);
  expect(circuit.limit(32, 0)).toBe(32);
});

test('after the pause one probe goes out; its failure doubles the pause, its success closes', () => {
  const circuit = failing(10);
  expect(circuit.limit(32, 4_999)).toBe(0);
  expect(circuit.limit(32, 5_000)).toBe(1);
  expect(circuit.failed(5_000)).toBe(true);
  expect(circuit.pausedUntil).toBe(15_000);
  expect(circuit.limit(32, 15_000)).toBe(1);
  circuit.succeeded();
  expect(circuit.limit(32, 15_000)).toBe(32);
  failing(10, circuit, 15_000);
  expect(circuit.pausedUntil).toBe(20_000);
});

test('sends that were still running when it opened do not lengthen the pause', () => {
  const circuit = failing(10);
  expect(circuit.failed(100)).toBe(false);
  expect(circuit.pausedUntil).toBe(5_000);
});

test('the pause ends at five minutes', () => {
  const circuit = failing(10);
  let now = circuit.pausedUntil;
  for (let n = 0; n < 12; n += 1) {
    circuit.failed(now);
    expect(circuit.pausedUntil - now).toBeLessThanOrEqual(300_000);
    now = circuit.pausedUntil;
  }
  expect(circuit.failed(now)).toBe(true);
  expect(circuit.pausedUntil - now).toBe(300_000);
});

test('a host that asks for time gets it, five minutes at most, and then full speed', () => {
  const circuit = new Circuit();
  circuit.hold(20, 1_000);
  expect(circuit.limit(8, 20_999)).toBe(0);
  expect(circuit.limit(8, 21_000)).toBe(8);
  circuit.hold(86_400, 30_000);
  expect(circuit.pausedUntil).toBe(330_000);
});
