import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { useAlarmNews } from "@/features/alerts/api/list-alarms";

export type AlarmDetail = Schemas["AlarmDetail"];
export type Feedback = Schemas["AlarmFeedback"]["feedback"];

export type AlarmAction =
  | "acknowledge"
  | "comment"
  | "assign"
  | "reset"
  | "shelve"
  | "unshelve"
  | "removeFromService"
  | "returnToService";

/** Lies among the alerts, so that the same news ask for it again. */
export const alarmQuery = (alarmId: string) =>
  queryOptions({
    queryKey: ["alerts", "alarm", alarmId],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/alarms/{alarm_id}", { params: { path: { alarm_id: alarmId } }, signal })),
  });

/** What the alarm server keeps of an alarm: value and limit, history, what belongs to it. */
export function useAlarm(alarmId: string) {
  useAlarmNews();
  return useQuery(alarmQuery(alarmId));
}
