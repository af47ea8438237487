import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

const alertQuery = (alertId: string) =>
  queryOptions({
    queryKey: ["alerts", "one", alertId],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/alerts/{alert_id}", { params: { path: { alert_id: alertId } }, signal })),
  });

/** An alarm as its verdicts explain it, with reasons and members. */
export type AlertDetail = NonNullable<ReturnType<typeof useAlert>["data"]>;
export type ChannelShare = NonNullable<AlertDetail["why"]>["channels"][number];

/** What verdicts say of an alarm; its address may name any moment within it. */
export function useAlert(alertId: string, isWanted: boolean) {
  return useQuery({ ...alertQuery(alertId), enabled: isWanted });
}
