import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { limitOf, RULED } from "@/features/alerts/api/list-limit-changes";
import type { Alarm } from "@/features/alerts/states";

const REFRESH_MS = 15_000;

/** Between which limit sets an alarm's satellite was switched since it was raised, where they differ in its limit: the newest first. */
export const useSetChanges = (alarm: Alarm) =>
  useQuery({
    queryKey: ["limit-sets", "since", alarm.alarm_id],
    queryFn: ({ signal }) => listSetChanges(alarm, signal),
    enabled: RULED.includes(alarm.kind),
    refetchInterval: REFRESH_MS,
  });

async function listSetChanges(
  { kind, subsystem, reason, satellite_id, noticed_at }: Alarm,
  signal: AbortSignal,
): Promise<Schemas["SetChange"][]> {
  const query = { satellite_id, since: noticed_at };
  const { changes } = await unwrap(api.GET("/api/v1/limit_sets/changes", { params: { query }, signal }));
  if (changes.length === 0) return [];
  const { sets } = await unwrap(api.GET("/api/v1/limit_sets", { signal }));
  const replaces = (name: string) =>
    sets
      .find((set) => set.name === name)
      ?.rules.some((rule) => rule.subsystem === subsystem && rule.reason === limitOf(kind, reason));
  return changes.filter((change) => replaces(change.old) || replaces(change.new));
}
