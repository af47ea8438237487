import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { AlarmSearch } from "@/features/alerts/search";
import {
  areUnresolved,
  fromSeverity,
  GROUPS,
  RANGES,
  STATE_GROUPS,
  UNRESOLVED,
} from "@/features/alerts/states";
import { listOf } from "@/lib/address/address";
import { useRefreshOn } from "@/lib/live/live-context";

const HOUR_MS = 3_600_000;
const PAGE_SIZE = 100;

/** Of satellites that nobody hears little happens: their list is asked for apart from the other one. */
const SILENT = ["silent-alerts"];

/** Whose alarms a list shows: satellites that were heard within a day, the others, or all. */
export type Heard = boolean | undefined;

/** Whether the most urgent alarm comes first, which only those that are neither resolved nor suppressed can. */
export const isByUrgency = ({ state, order }: AlarmSearch): boolean =>
  order === undefined && areUnresolved(listOf(state, GROUPS));

const alarmsQuery = (search: AlarmSearch, heard: Heard, cursor: string | undefined) =>
  queryOptions({
    queryKey: heard === false ? [...SILENT, search, cursor] : ["alerts", "list", search, heard, cursor],
    queryFn: ({ signal }) => {
      const groups = listOf(search.state, GROUPS);
      const query = {
        state: (groups.length === 0 ? UNRESOLVED : groups).flatMap((group) => [...STATE_GROUPS[group]]),
        severity: search.severity && fromSeverity(search.severity),
        kind: search.kind,
        satellite_id: search.satellite,
        subsystem: search.subsystem,
        assigned_to: search.owner,
        chattering: search.chattering && true,
        start_time: search.range && new Date(Date.now() - RANGES[search.range] * HOUR_MS).toISOString(),
        order: isByUrgency(search) ? ("urgency" as const) : undefined,
        heard,
        cursor,
        limit: PAGE_SIZE,
      };
      return unwrap(api.GET("/api/v1/alarms", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

/** A page of alarms. */
export function useAlarms(search: AlarmSearch, heard: Heard, cursor: string | undefined) {
  return useQuery(alarmsQuery(search, heard, cursor));
}

/**
 * Asks again for everything about alarms when something happens to one. What only counts on, such as the number of
 * samples beyond a limit, is no event: it is asked for every ten seconds.
 */
export function useAlarmNews(): void {
  useRefreshOn("alarm", ["alerts"], 100);
  useRefreshOn("tick", ["alerts"], 10_000);
  useRefreshOn("alarm", SILENT, 1_000);
  useRefreshOn("tick", SILENT, 10_000);
}
