import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEachServer } from '../../test/harness/database.ts';
import { newEvent, seedDelivery, seedDestination, seedEnvironment } from '../../test/harness/seed.ts';
import { type TestStore, testStore } from '../../test/harness/store.ts';

onEachServer('destinations', (server) => {
  let on: TestStore;
  beforeAll(async () => {
    on = await testStore(server);
  });
  afterAll(() => on.close());

  test('a destination comes back as it was made, without what is secret', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedDestination(on, id, { eventTypes: ['auth', 'sleep'], ordered: true });
    expect(made).toMatchObject({ active: true, ordered: true, ownSecret: false, eventTypes: ['auth', 'sleep'] });
    expect(await on.store.destinations.byId(id, made.id)).toEqual(made);
    expect(await on.store.destinations.list(id)).toEqual([made]);
    expect(JSON.stringify(made)).not.toContain('hidden');
    expect(await on.store.destinations.config(id, made.id)).toEqual({
      url: 'https://app.example.org/hook?key=hidden',
    });
    const { rows } = await on.pool.query('select config from destinations where id = $1', [made.id]);
    expect(rows[0].config.includes('hidden')).toBe(false);
  });

  test('its own secret signs; without one there is none', async () => {
    const { id } = await seedEnvironment(on);
    const own = await seedDestination(on, id, { secret: 'whsec-own' });
    const shared = await seedDestination(on, id);
    expect(own.ownSecret).toBe(true);
    expect(await on.store.destinations.secrets(id, own.id, on.clock.now())).toEqual(['whsec-own']);
    expect(await on.store.destinations.secrets(id, shared.id, on.clock.now())).toEqual([]);
  });

  test('an update changes what it names and nothing else', async () => {
    const { id } = await seedEnvironment(on);
    const made = await seedDestination(on, id, { eventTypes: ['auth'] });
    const changed = await on.store.destinations.update(id, made.id, { active: false, eventTypes: undefined });
    expect(changed).toEqual({ ...made, active: false, eventTypes: undefined });
    const moved = await on.store.destinations.update(id, made.id, {
      config: { url: 'https://new.example.org' },
      display: { url: 'https://new.example.org' },
      timeoutMs: 5,
      concurrency: 6,
      maxAttempts: 7,
    });
    const display = { url: 'https://new.example.org' };
    expect(moved).toEqual({ ...changed, display, timeoutMs: 5, concurrency: 6, maxAttempts: 7 });
    expect(await on.store.destinations.config(id, made.id)).toEqual({ url: 'https://new.example.org' });
    expect(await on.store.destinations.update(id, made.id, {})).toEqual(moved);
  });

  test('a foreign environment finds, changes and removes nothing', async () => {
    const [mine, other] = [await seedEnvironment(on), await seedEnvironment(on)];
    const made = await seedDestination(on, mine.id, { secret: 'whsec-own' });
    const { destinations } = on.store;
    expect(await destinations.byId(other.id, made.id)).toBeUndefined();
    expect(await destinations.list(other.id)).toEqual([]);
    expect(await destinations.update(other.id, made.id, { active: false })).toBeUndefined();
    expect(await destinations.update(other.id, made.id, {})).toBeUndefined();
    expect(await destinations.remove(other.id, made.id)).toBe(false);
    expect(await destinations.secrets(other.id, made.id, on.clock.now())).toEqual([]);
    await expect(destinations.config(other.id, made.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await destinations.byId(mine.id, made.id)).toEqual(made);
    expect(await destinations.remove(mine.id, 'not-a-uuid')).toBe(false);
  });

  test('configurations swapped between two destinations do not open', async () => {
    const { id } = await seedEnvironment(on);
    const [one, two] = [await seedDestination(on, id), await seedDestination(on, id)];
    await on.pool.query(
      'update destinations b set config = a.config from destinations a where a.id = $1 and b.id = $2',
      [one.id, two.id],
    );
    await expect(on.store.destinations.config(id, two.id)).rejects.toThrow();
  });

  test('removing a destination cancels what waits for it', async () => {
    const { id } = await seedEnvironment(on);
    const [gone, kept] = [await seedDestination(on, id, { secret: 'x' }), await seedDestination(on, id)];
    await seedDelivery(on.store, gone, newEvent(on.clock.now()));
    await seedDelivery(on.store, kept, newEvent(on.clock.now()));
    expect(await on.store.destinations.remove(id, gone.id)).toBe(true);
    expect(await on.store.destinations.byId(id, gone.id)).toBeUndefined();
    const stateOf = async (destinationId: string) =>
      (await on.store.deliveries.list(id, { limit: 10, destinationId })).map((row) => row.state);
    expect(await stateOf(gone.id)).toEqual(['cancelled']);
    expect(await stateOf(kept.id)).toEqual(['pending']);
    expect(await on.store.destinations.remove(id, gone.id)).toBe(false);
  });
});
