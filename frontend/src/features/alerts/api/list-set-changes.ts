import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { RULED } from "@/features/alerts/api/list-limit-changes";
import type { Alarm } from "@/features/alerts/states";

const REFRESH_MS = 15_000;

/** To which limit sets the satellite of an alarm was switched since it was raised: the newest first. */
export const useSetChanges = ({ alarm_id, kind, satellite_id, noticed_at }: Alarm) =>
  useQuery({
    queryKey: ["limit-sets", "since", alarm_id],
    queryFn: ({ signal }) => {
      const query = { satellite_id, since: noticed_at };
      return unwrap(api.GET("/api/v1/limit_sets/changes", { params: { query }, signal }));
    },
    enabled: RULED.includes(kind),
    refetchInterval: REFRESH_MS,
  });
