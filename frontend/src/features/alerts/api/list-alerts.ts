import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { AlertState } from "@/features/alerts/states";
import { useRefreshOn } from "@/lib/live/live-context";

export type AlertFilter = {
  states: readonly AlertState[];
  kind?: "anomaly" | "limit" | "satellite";
  satellite?: string;
  subsystem?: string;
  hours: number;
};

const HOUR_MS = 3_600_000;
const MAX_ALERTS = 500;

const alertsQuery = ({ states, kind, satellite, subsystem, hours }: AlertFilter) =>
  queryOptions({
    queryKey: ["alerts", "list", { states, kind, satellite, subsystem, hours }],
    queryFn: ({ signal }) => {
      const start_time = new Date(Date.now() - hours * HOUR_MS).toISOString();
      const query = {
        state: [...states],
        kind,
        satellite_id: satellite,
        subsystem,
        start_time,
        limit: MAX_ALERTS,
      };
      return unwrap(api.GET("/api/v1/alerts", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

/** The alerts of a filter, as new as the newest verdict or acknowledgement. */
export function useAlerts(filter: AlertFilter) {
  useAlertNews();
  return useQuery(alertsQuery(filter));
}

/** Asks again for everything about alerts when there is news; a limit may break without a verdict, so time counts too. */
export function useAlertNews(): void {
  useRefreshOn("verdict", ["alerts"], 1000);
  useRefreshOn("acknowledgement", ["alerts"], 0);
  useRefreshOn("tick", ["alerts"], 5000);
}
