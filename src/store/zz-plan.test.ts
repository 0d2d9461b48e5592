import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { testStore } from '../../test/harness/store.ts';
import { FREEZE, COMPLETE, DUE, CREATE } from './delivery-statements.ts';
import { seedEnvironment, seedDestination, leaseLane, newEvent, newDelivery, seedConnection } from '../../test/harness/seed.ts';
for (const server of ['embedded', '15'] as const) {
test('plan ' + server, async () => {
  const on = await testStore(server);
  const env = await seedEnvironment(on);
  const d = await seedDestination(on, env.id);
  const lease = await leaseLane(on, 'deliver', env.id, d.id);
  const c = await seedConnection(on, env.id);
  const t0 = performance.now();
  for (let b = 0; b < 60; b++) {
    await on.store.transaction(async (tx) => {
      const evs = [];
      for (let i = 0; i < 20; i++) evs.push(await tx.events.append(env.id, newEvent(on.clock.now(), { type: 'sleep', isData: true, connectionId: c.id, body: JSON.stringify({ x: randomUUID().repeat(100) }) })));
      await tx.deliveries.create(env.id, evs.flatMap((e) => [1,2,3,4,5].map(() => newDelivery(e, d))));
    });
  }
  console.log(server, 'seed 1200 events/6000 deliveries', performance.now() - t0);
  await on.pool.query(`insert into events select environment_id, gen_random_uuid(), type, is_data, connection_id, reference, body, bytes, chunk, after_event_id, ordering_timestamp, created_at from events, generate_series(1,20)`);
  await on.pool.query(`insert into deliveries select environment_id, gen_random_uuid(), id, $1, gen_random_uuid(), 't', 'delivered', 1, null, null, created_at, null,null,null,created_at from events, generate_series(1,4)`, [d.id]);
  for (const phase of ['unanalysed', 'analysed']) {
    if (phase === 'analysed') await on.pool.query('analyze');
    let due = 0, fr = 0, comp = 0, n = 0;
    for (let i = 0; i < 20; i++) {
      let a = performance.now();
      const rows = await on.store.deliveries.due(lease, on.clock.now(), 100, [], false);
      due += performance.now() - a; a = performance.now();
      await on.store.deliveries.freeze(lease, rows.map((r) => ({ id: r.id, frozen: '{"u":1}' })), on.clock.now());
      fr += performance.now() - a; a = performance.now();
      await on.store.deliveries.complete(lease, rows.map((r) => ({ id: r.id, connectionId: c.id, at: on.clock.now(), state: 'delivered', dueAt: on.clock.now(), outcome: 'delivered', status: 200, reason: undefined, responseText: 'ok', durationMs: 3 })));
      comp += performance.now() - a; n += rows.length;
    }
    console.log(server, phase, n, 'rows; per batch of 100 ms: due', due / 20, 'freeze', fr / 20, 'complete', comp / 20);
  }
  const ids = (await on.store.deliveries.due(lease, on.clock.now(), 100, [], false)).map(r=>r.id);
  const cl = await on.pool.connect();
  await cl.query('set plan_cache_mode = force_generic_plan');
  await cl.query({name:'f', text: FREEZE, values: ['deliver', d.id, lease.token, env.id, ids, ids.map(()=>Buffer.from('x')), on.clock.now()]});
  const ex = await cl.query(`explain execute f('deliver','${d.id}','${lease.token}','${env.id}','{${ids.slice(0,3).join()}}','{a,b,c}','2026-01-01')`);
  console.log(ex.rows.map(r=>r['QUERY PLAN']).join('\n'));
  cl.release(true);
  await on.close();
}, 120000);
}
