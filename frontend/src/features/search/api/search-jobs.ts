import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

/** Jobs that hold all of some words. */
export const useJobSearch = (words: string | undefined) =>
  useQuery({
    queryKey: ["search", "words", words],
    enabled: words !== undefined,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/search", { params: { query: { q: words ?? "", limit: 100 } }, signal })),
  });
