import { queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { missionQuery } from "@/api/get-mission";

export type Limit = Schemas["Limit"];
export type LimitValues = Schemas["LimitValues"];
export type Change = Schemas["ChangeStep"];
export type Tried = Schemas["TrialAnswer"];
export type TriedAlarms = Schemas["TriedAlarms"];

const REFRESH_MS = 5_000;
const PAGE_SIZE = 20;

const limitsQuery = queryOptions({
  queryKey: ["limits", "list"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/limits", { signal })),
  refetchInterval: REFRESH_MS,
});

/** All limits; what another operator changes is seen within seconds. */
export const useLimits = () => useQuery(limitsQuery);

/** Who changed a limit, when and why: the newest first, page by page. */
export const useLimitHistory = ({ subsystem, reason }: Pick<Limit, "subsystem" | "reason">) =>
  useInfiniteQuery({
    queryKey: ["limits", "history", subsystem, reason],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/limits/changes", {
          params: { query: { subsystem, reason, limit: PAGE_SIZE, before: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** Changes a limit; whatever the server says, limits are read again, as someone may have been faster. */
export function useChangeLimit({ subsystem, reason }: Pick<Limit, "subsystem" | "reason">) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewLimit"]) =>
      unwrap(
        api.PUT("/api/v1/limits/{subsystem}/{reason}", { params: { path: { subsystem, reason } }, body }),
      ),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["limits"] });
      void queryClient.invalidateQueries({ queryKey: missionQuery.queryKey });
    },
  });
}

/** Reads the mission file with the changed limits put in. */
export const useMissionFile = () =>
  useMutation({
    mutationFn: () => unwrap(api.GET("/api/v1/limits/mission.yaml", { parseAs: "text" })),
  });
