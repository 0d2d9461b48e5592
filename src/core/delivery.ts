export type DeliveryState = 'pending' | 'delivered' | 'dead' | 'cancelled';

/** An event × destination, as listed to people. */
export interface DeliveryRow {
  environmentId: string;
  id: string;
  eventId: string;
  destinationId: string;
  traceId: string;
  state: DeliveryState;
  attempts: number;
  dueAt: Date;
  createdAt: Date;
  deliveredAt: Date | undefined;
  lastReason: string | undefined;
}

export interface AttemptRow {
  deliveryId: string;
  number: number;
  at: Date;
  outcome: 'delivered' | 'retry' | 'rejected';
  status: number | undefined;
  reason: string | undefined;
  responseText: string | undefined;
  durationMs: number;
}
