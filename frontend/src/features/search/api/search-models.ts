import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

/** What each model did, over all verdicts of the index. */
export const useModelUses = () =>
  useQuery({
    queryKey: ["search", "models"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/search/analytics/models", { signal })),
  });
