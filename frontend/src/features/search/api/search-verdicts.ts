import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { SearchState } from "@/features/search/search";

/** Verdicts by their fields, newest first. */
export const useVerdictSearch = ({ model, status, from, to }: SearchState) =>
  useQuery({
    queryKey: ["search", "verdicts", { model, status, from, to }],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/search/inference", {
          params: { query: { model_name: model, status, from_date: from, to_date: to, limit: 100 } },
          signal,
        }),
      ),
  });
