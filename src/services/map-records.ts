import type { DataType } from '../core/data-type.ts';
import type { DataTypeMap, Group, MapContext, MappedPayload, Provider, WireRecord } from '../core/provider.ts';
import { summaryId } from '../lib/summary-id.ts';
import { wrongField } from '../schema/models.ts';

/** A provider's record and where it came from (the id of its raw row). */
export interface Member {
  resource: string;
  record: WireRecord;
  source: string;
}

export interface MadePayload {
  type: DataType;
  payload: MappedPayload;
  /** Where its records came from. */
  sources: string[];
}

/** Records of which nothing was made. The reason holds no value of theirs. */
export interface Unmade {
  /** `unusable`: there is nothing to be made of them; `failed`: something in them, or in us, is wrong. */
  kind: 'unusable' | 'failed';
  reason: string;
  sources: string[];
}

export interface MapResult {
  made: MadePayload[];
  unmade: Unmade[];
}

interface GroupOfType {
  type: DataType;
  map: DataTypeMap['map'];
  group: Group;
  sources: Set<string>;
}

/** What a mapper may know about the connection that the records belong to. */
export function mapContextOf(
  provider: string,
  account: { providerUserId: string; zone?: string | undefined },
): MapContext {
  const { providerUserId, zone } = account;
  return {
    provider,
    providerUserId,
    ...(zone === undefined ? {} : { zone }),
    summaryId: (resource, recordId) => summaryId(provider, providerUserId, resource, recordId),
  };
}

/**
 * Makes payloads of records: groups them as the manifest says, maps each group and checks the outcome against the wire
 * model. A group that fails harms no other. Pure.
 */
export function mapRecords(provider: Provider, members: Member[], context: MapContext): MapResult {
  const result: MapResult = { made: [], unmade: [] };
  const usable = members.filter((member) => {
    const reason = provider.resources?.[member.resource]?.unusable?.(member.record);
    if (reason !== undefined) result.unmade.push({ kind: 'unusable', reason, sources: [member.source] });
    return reason === undefined;
  });
  for (const group of groupsOf(provider, usable, context, result.unmade)) {
    const { made, unmade } = mapGroup(group, context);
    result.made.push(...made);
    result.unmade.push(...unmade);
  }
  return result;
}

function groupsOf(provider: Provider, members: Member[], context: MapContext, unmade: Unmade[]): GroupOfType[] {
  const groups = new Map<string, GroupOfType>();
  for (const [type, dataType] of Object.entries(provider.dataTypes) as [DataType, DataTypeMap][]) {
    for (const { resource, record, source } of members) {
      if (!dataType.anchor.includes(resource)) continue;
      const key = attempt(() => dataType.group(record, context));
      if ('failed' in key) {
        unmade.push({ kind: 'failed', reason: `grouping for ${type} failed (${key.failed})`, sources: [source] });
        continue;
      }
      const name = JSON.stringify([type, key.value]);
      const known = groups.get(name);
      const group = known ?? { type, map: dataType.map, group: {}, sources: new Set<string>() };
      if (!known) groups.set(name, group);
      group.group[resource] = [...(group.group[resource] ?? []), record];
      group.sources.add(source);
    }
  }
  return [...groups.values()];
}

function mapGroup({ type, map, group, sources }: GroupOfType, context: MapContext): MapResult {
  const from = [...sources];
  const mapped = attempt(() => map(group, context));
  if ('failed' in mapped) {
    return {
      made: [],
      unmade: [{ kind: 'failed', reason: `mapping to ${type} failed (${mapped.failed})`, sources: from }],
    };
  }
  const result: MapResult = { made: [], unmade: [] };
  for (const payload of mapped.value) {
    const field = wrongField(type, payload.body);
    if (field === undefined) result.made.push({ type, payload, sources: from });
    else
      result.unmade.push({ kind: 'failed', reason: `${type} does not fit the wire model at ${field}`, sources: from });
  }
  return result;
}

/** Runs a manifest's function. Of what it throws only the class is kept: its message may repeat what it read. */
function attempt<T>(run: () => T): { value: T } | { failed: string } {
  try {
    return { value: run() };
  } catch (error) {
    return { failed: error instanceof Error ? error.name : 'unknown' };
  }
}
