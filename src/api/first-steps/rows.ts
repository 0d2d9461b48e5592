import type { DestinationRow as StoredDestination } from '../../core/destination.ts';
import type { TerraUser } from '../../schema/user.ts';
import type { EventRow as StoredEvent } from '../../services/services.ts';
import type { DeliveryRow, DestinationRow, EventRow, TryRow, UserRow } from './wire.ts';

export function userRow(user: TerraUser): UserRow {
  return {
    user_id: user.user_id,
    provider: user.provider,
    reference_id: user.reference_id,
    active: user.active === true,
    created_at: user.created_at,
    last_webhook_update: user.last_webhook_update,
  };
}

export function eventRow(event: StoredEvent): EventRow {
  return {
    id: event.id,
    type: event.type,
    is_data: event.isData,
    created_at: event.createdAt.toISOString(),
    reference: event.reference,
    bytes: event.bytes,
    deliveries: event.deliveries.map(deliveryRow),
  };
}

type StoredDelivery = StoredEvent['deliveries'][number];

function deliveryRow(delivery: StoredDelivery): DeliveryRow {
  return {
    id: delivery.id,
    destination_id: delivery.destinationId,
    state: delivery.state,
    trace_id: delivery.traceId,
    due_at: delivery.dueAt.toISOString(),
    tries: delivery.tries.map(tryRow),
  };
}

function tryRow(attempt: StoredDelivery['tries'][number]): TryRow {
  return {
    number: attempt.number,
    at: attempt.at.toISOString(),
    outcome: attempt.outcome,
    status: attempt.status ?? null,
    reason: attempt.reason ?? null,
    response_text: attempt.responseText ?? null,
    duration_ms: attempt.durationMs,
  };
}

export function destinationRow(destination: StoredDestination): DestinationRow {
  const { url } = destination.display;
  return {
    id: destination.id,
    type: destination.type,
    url: typeof url === 'string' ? url : null,
    active: destination.active,
  };
}
