import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { alarmQuery } from "@/features/alerts/api/get-alarm";
import { refreshAlarms } from "@/lib/query";

/** Says what an alarm was; what is said last counts. */
export function useSayWhatItWas(alarmId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["AlarmFeedback"]) =>
      unwrap(
        api.POST("/api/v1/alarms/{alarm_id}/feedback", { params: { path: { alarm_id: alarmId } }, body }),
      ),
    onSuccess: (changed) => queryClient.setQueryData(alarmQuery(alarmId).queryKey, changed),
    onSettled: () => refreshAlarms(queryClient),
  });
}
