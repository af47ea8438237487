import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import type { DeadLetterSearch } from "@/features/dead-letters/search";

export type DeadLetter = Schemas["DeadLetter"];
export type Outcome = Schemas["DeadLetterOutcome"];
export type Action = Schemas["DeadLetterAction"]["action"];
export type Choice = Pick<
  Schemas["DeadLetterAction"],
  "ids" | "source" | "reason" | "satellite_id" | "everything"
>;

const PAGE_SIZE = 50;
const REFRESH_MS = 15_000;

const listQuery = (search: DeadLetterSearch) =>
  queryOptions({
    queryKey: ["dead-letters", "list", search],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/dead-letters", {
          params: {
            query: {
              limit: PAGE_SIZE,
              state: search.state,
              source: search.source,
              reason: search.reason,
              satellite_id: search.satellite,
              cursor: search.cursor,
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: search.cursor === undefined ? REFRESH_MS : false,
  });

/** A page of dead letters; the newest one looks for new letters by itself. */
export const useDeadLetters = (search: DeadLetterSearch) => useQuery(listQuery(search));

/** One letter with headers and body. */
export const useDeadLetter = (id: number) =>
  useQuery({
    queryKey: ["dead-letters", "letter", id],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/dead-letters/{letter_id}", { params: { path: { letter_id: id } }, signal })),
  });

/** Redrives or discards, or counts what would be; afterwards the lists are read again. */
export function useDeadLetterAction() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["DeadLetterAction"]) =>
      unwrap(api.POST("/api/v1/dead-letters/actions", { body })),
    onSuccess: (outcome) => {
      if (!outcome.dry_run) void queryClient.invalidateQueries({ queryKey: ["dead-letters"] });
    },
  });
}
