import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { alarmQuery, type AlarmDetail, type AlarmAction } from "@/features/alerts/api/get-alarm";
import { refreshAlarms } from "@/lib/query";

export type Request = Schemas["OperatorAction"] & {
  action: AlarmAction;
  /** For `assign`; null: nobody. */
  assignee: string | null;
  /** For `shelve`. */
  minutes: number;
};

/** Acts on an alarm; whatever the server says, it is read again, as someone may have been faster. */
export function useActOnAlarm(alarm: AlarmDetail) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (request: Request) => unwrap(send(alarm, request)),
    onSuccess: (changed) => queryClient.setQueryData(alarmQuery(alarm.alarm_id).queryKey, changed),
    onSettled: () => refreshAlarms(queryClient),
  });
}

function send(alarm: AlarmDetail, { action, assignee, minutes, ...body }: Request) {
  const params = { path: { alarm_id: alarm.alarm_id } };
  switch (action) {
    case "acknowledge":
      return api.POST("/api/v1/alarms/{alarm_id}/acknowledgements", { params, body });
    case "comment":
      return api.POST("/api/v1/alarms/{alarm_id}/comments", { params, body });
    case "assign": {
      const assignment = { ...body, assigned_to: assignee, replaces: alarm.assigned_to };
      return api.PUT("/api/v1/alarms/{alarm_id}/assignment", { params, body: assignment });
    }
    case "reset":
      return api.POST("/api/v1/alarms/{alarm_id}/resets", { params, body });
    case "shelve":
      return api.POST("/api/v1/alarms/{alarm_id}/shelves", { params, body: { ...body, minutes } });
    case "unshelve":
      return api.DELETE("/api/v1/alarms/{alarm_id}/shelves", { params, body });
    case "removeFromService":
      return api.POST("/api/v1/alarms/{alarm_id}/out_of_service", { params, body });
    case "returnToService":
      return api.DELETE("/api/v1/alarms/{alarm_id}/out_of_service", { params, body });
  }
}
