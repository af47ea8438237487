import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { useAlertNews } from "@/features/alerts/api/list-alerts";

export const alertQuery = (alertId: string) =>
  queryOptions({
    queryKey: ["alerts", "one", alertId],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/alerts/{alert_id}", { params: { path: { alert_id: alertId } }, signal })),
  });

/** An alert as the server tells it, with its reasons and members. */
export type AlertDetail = NonNullable<ReturnType<typeof useAlert>["data"]>;
export type ChannelShare = NonNullable<AlertDetail["why"]>["channels"][number];

/** One alert with its reasons and members. */
export function useAlert(alertId: string) {
  useAlertNews();
  return useQuery(alertQuery(alertId));
}
