import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { SearchState } from "@/features/search/search";

/** Values that verdicts were made on, newest first. */
export const useReadingSearch = ({ channel, subsystem, satellite, from, to }: SearchState) =>
  useQuery({
    queryKey: ["search", "readings", { channel, subsystem, satellite, from, to }],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/search/sensor", {
          params: {
            query: {
              sensor_id: channel,
              sensor_type: subsystem,
              location: satellite,
              from_time: from,
              to_time: to,
              limit: 200,
            },
          },
          signal,
        }),
      ),
  });
