import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { alertQuery } from "@/features/alerts/api/get-alert";

/** Acknowledges an alert; whatever the server says, the alert is read again, as someone may have been faster. */
export function useAcknowledge(alertId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["OperatorAction"]) =>
      unwrap(
        api.POST("/api/v1/alerts/{alert_id}/acknowledgements", {
          params: { path: { alert_id: alertId } },
          body,
        }),
      ),
    onSuccess: (alert) => queryClient.setQueryData(alertQuery(alertId).queryKey, alert),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["alerts"] });
      void queryClient.invalidateQueries({ queryKey: ["fleet"] });
    },
  });
}
