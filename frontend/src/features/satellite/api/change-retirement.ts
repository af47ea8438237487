import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { refreshAlarms } from "@/lib/query";

/** Retires a satellite or takes it back; whatever the server says, all that shows it is read again. */
export function useChangeRetirement(satelliteId: string, isRetired: boolean) {
  const queryClient = useQueryClient();
  const params = { path: { satellite_id: satelliteId } };
  return useMutation({
    mutationFn: (body: Schemas["OperatorAction"]) =>
      unwrap(
        isRetired
          ? api.DELETE("/api/v1/fleet/{satellite_id}/retirement", { params, body })
          : api.POST("/api/v1/fleet/{satellite_id}/retirement", { params, body }),
      ),
    onSettled: () => {
      refreshAlarms(queryClient);
      void queryClient.invalidateQueries({ queryKey: ["satellites"] });
    },
  });
}
