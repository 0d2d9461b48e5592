/** Only for events that exist; the lock makes a deletion of their connection, which may run meanwhile, find the rows. */
export const CREATE = `
  with known as materialized (
    select id from events where environment_id = $1 and id = any($3::uuid[]) for key share
  )
  insert into deliveries (environment_id, id, event_id, destination_id, lane_id, trace_id, state, after_id, due_at,
    created_at)
  select $1, n.id, n.event_id, n.destination_id, n.lane_id, n.trace_id, 'pending', n.after_id, n.due_at, n.created_at
  from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::timestamptz[],
    $9::timestamptz[]) as n (id, event_id, destination_id, lane_id, trace_id, after_id, due_at, created_at)
  join known on known.id = n.event_id
  returning id`;

const DUE_COLUMNS = `
  d.environment_id, d.id, d.event_id, d.destination_id, d.trace_id, d.attempts, d.frozen,
  e.type, e.is_data, e.connection_id, e.reference, e.ordering_timestamp, e.body`;

/** The delivery's event, and its destination while that may be sent to. */
const DUE_JOINS = `
  join destinations t on t.environment_id = d.environment_id and t.id = d.destination_id
    and t.active and (t.next_at is null or t.next_at <= $2)
  join events e on e.environment_id = d.environment_id and e.id = d.event_id`;

/** Whether a pending predecessor lets its follower pass; null without one. A value, so that it is looked up by its key. */
const LETS_PASS = `(
  select p.first_attempt_at is not null and p.first_attempt_at <= $5 from deliveries p
  where p.environment_id = d.environment_id and p.id = d.after_id and p.state = 'pending'
)`;

/**
 * The rows are picked before anything is joined to them, along the index of waiting rows: however long the backlog, no
 * more of it is read than is taken.
 * $1 lane, $2 now, $3 in flight, $4 limit, $5 first attempts of predecessors up to here let their followers pass.
 */
export const DUE = `
  with passable as materialized (
    select d.* from deliveries d
    where d.lane_id = $1 and d.state = 'pending' and d.due_at <= $2 and d.id <> all($3::uuid[])
      and (d.after_id is null or coalesce(${LETS_PASS}, true))
    order by d.due_at, d.id
    limit $4
  )
  select ${DUE_COLUMNS}
  from passable d ${DUE_JOINS}
  order by d.due_at, d.id`;

/** An ordered lane waits behind its first row, whenever that is due. */
export const DUE_HEAD = `
  with head as materialized (
    select * from deliveries where lane_id = $1 and state = 'pending' order by id limit 1
  )
  select ${DUE_COLUMNS}
  from head d ${DUE_JOINS}
  where d.due_at <= $2 and d.id <> all($3::uuid[])`;

/** The lane while the lease is ours; the lock keeps others from taking it over until the rows are written. */
const HELD = `
  held as materialized (select from lanes where kind = $1 and lane_id = $2 and lease = $3 for share)`;

/**
 * The pending row of the lane with the id `n.id`, as `own`. Written so that only the primary key fits, one look-up for
 * each id: before the first analyze of a fast-growing table, Postgres would rather read an index of waiting rows from end
 * to end, time and again.
 */
const OWN_ROW = `
  cross join lateral (
    select o.ctid as place from deliveries o
    where o.environment_id = $4 and o.id = n.id and o.lane_id is not distinct from $2
      and o.state is not distinct from 'pending'
    offset 0
  ) own`;

/** A row that somebody else changes meanwhile (cancels, deletes) is passed over. */
const IS_OWN = `d.ctid = own.place and d.state is not distinct from 'pending' and exists (select from held)`;

export const FREEZE = `
  with ${HELD}
  insert into frozen_batches (environment_id, lane_id, id, delivery_ids, connection_ids, users)
  select $4, $2, $5, $6::uuid[], $7::uuid[], $8::bytea[] from held`;

export const THAW = `
  with ${HELD}
  delete from frozen_batches where lane_id = $2 and id = any($4::uuid[]) and exists (select from held)`;

export const LEFT_BEHIND = `
  select environment_id, id, delivery_ids, connection_ids, users from frozen_batches where lane_id = $1 order by id`;

/** $5 and $6: what each delivery was rendered with. $7: the batches that held it. */
export const ADOPT = `
  with ${HELD}, gone as (
    delete from frozen_batches where lane_id = $2 and id = any($7::uuid[]) and exists (select from held)
  )
  update deliveries d set frozen = coalesce(d.frozen, n.frozen)
  from unnest($5::uuid[], $6::bytea[]) as n (id, frozen)
  ${OWN_ROW}
  where ${IS_OWN}`;

export const COMPLETE = `
  with ${HELD}, thawed as (
    delete from frozen_batches where lane_id = $2 and id = any($15::uuid[]) and exists (select from held)
  ), moved as (
    update deliveries d set state = n.state, attempts = d.attempts + 1, due_at = n.due_at,
      first_attempt_at = coalesce(d.first_attempt_at, n.at),
      delivered_at = case when n.state = 'delivered' then n.at end,
      last_reason = n.reason, frozen = coalesce(d.frozen, n.frozen)
    from unnest($5::uuid[], $6::timestamptz[], $7::text[], $8::timestamptz[], $9::text[], $10::integer[],
      $11::text[], $12::bytea[], $13::integer[], $14::bytea[])
      as n (id, at, state, due_at, outcome, status, reason, response_text, duration_ms, frozen)
    ${OWN_ROW}
    where ${IS_OWN}
    returning d.environment_id, d.id, d.attempts, n.at, n.outcome, n.status, n.reason, n.response_text, n.duration_ms
  )
  insert into attempts (environment_id, delivery_id, number, at, outcome, status, reason, response_text, duration_ms)
  select environment_id, id, attempts, at, outcome, status, reason, response_text, duration_ms from moved`;

export const CANCEL_OF_CONNECTION = `
  update deliveries d set state = 'cancelled' from events e
  where e.environment_id = $1 and e.connection_id = $2 and e.is_data
    and d.environment_id = e.environment_id and d.event_id = e.id and d.state = 'pending'`;
