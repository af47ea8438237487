import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Alarm } from "@/features/alerts/states";

/** Kinds of alarms that rest on a limit of the mission. */
export const RULED: readonly Alarm["kind"][] = ["limit", "rate", "change", "forecast"];
const REFRESH_MS = 15_000;

/** What operators changed of an alarm's limit, or of the one that it foretells, since it was raised: the newest first. */
export const useLimitChanges = ({ alarm_id, kind, subsystem, reason, noticed_at }: Alarm) =>
  useQuery({
    queryKey: ["limits", "since", alarm_id],
    queryFn: ({ signal }) => {
      const query = { subsystem, reason: limitOf(kind, reason), since: noticed_at };
      return unwrap(api.GET("/api/v1/limits/changes", { params: { query }, signal }));
    },
    enabled: RULED.includes(kind),
    refetchInterval: REFRESH_MS,
  });

/** The reason of a forecast is its limit's with a word behind it. */
export const limitOf = (kind: Alarm["kind"], reason: string) =>
  kind === "forecast" ? reason.replace(/_forecast$/, "") : reason;
