import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";

import { useRefreshOn } from "@/lib/live/live-context";

import { isoOf, pastOf, type Span, type Window } from "@/features/satellite/data/time-span";

const MOST_EPISODES = 1000;

function listEpisodes(
  satelliteId: string,
  subsystem: string | null,
  { start, end }: Window,
  signal: AbortSignal,
): Promise<Schemas["Alerts"]> {
  const query = {
    satellite_id: satelliteId,
    ...(subsystem ? { subsystem } : {}),
    start_time: isoOf(start),
    end_time: isoOf(end),
    limit: MOST_EPISODES,
  };
  return unwrap(api.GET("/api/v1/alerts", { params: { query }, signal }));
}

export const episodesKey = (satelliteId: string) => ["alerts", "satellite", satelliteId];

export const episodesOptions = (
  satelliteId: string,
  subsystem: string | null,
  span: Span,
  now: () => number,
) =>
  queryOptions({
    queryKey: [...episodesKey(satelliteId), subsystem, span],
    queryFn: ({ signal }) => listEpisodes(satelliteId, subsystem, pastOf(span, now()), signal),
    gcTime: 0,
  });

/** Alerts of a satellite that overlap a span; they follow its verdicts after a while, so time counts too. */
export const useEpisodes = (
  satelliteId: string,
  subsystem: string | null,
  span: Span,
  now: () => number,
  isOn: boolean,
) => {
  useRefreshOn("tick", episodesKey(satelliteId), 5000);
  return useQuery({ ...episodesOptions(satelliteId, subsystem, span, now), enabled: isOn });
};
