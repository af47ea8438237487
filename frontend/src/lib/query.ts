import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "@/api/client";

const RETRY_MS = 3_000;

/** Server state: asked again by events of the live line, and every few seconds while the server is away. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        retry: false,
        refetchOnWindowFocus: true,
        refetchInterval: (query) => (isPassing(query.state.error) ? RETRY_MS : false),
      },
    },
  });
}

/** Whether asking again may help: the server is away or overloaded; a refusal stays one. */
export function isPassing(error: Error | null): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Asks again for all that shows how alarms are. */
export function refreshAlarms(queryClient: QueryClient): void {
  for (const key of ["alerts", "silent-alerts", "fleet", "waiting-alarms"])
    void queryClient.invalidateQueries({ queryKey: [key] });
}
