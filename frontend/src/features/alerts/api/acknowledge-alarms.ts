import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { refreshAlarms } from "@/lib/query";

/** Acknowledges the alarms that an operator saw; the answer says of each what became of it. */
export function useAcknowledgeAlarms() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["BulkAcknowledgement"]) =>
      unwrap(api.POST("/api/v1/alarms/acknowledgements", { body })),
    onSettled: () => refreshAlarms(queryClient),
  });
}
