import { useMutation } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { SubmitRequest } from "@/features/inference/request";

/** Submits a series, one request after the other: the same key submits it once, however often it is sent. */
export function useSubmitInference() {
  return useMutation({
    scope: { id: "submit-inference" },
    mutationFn: ({ request, key }: { request: SubmitRequest; key: string }) =>
      unwrap(
        api.POST("/api/v1/inference/submit", {
          body: request,
          params: { header: { "idempotency-key": key } },
        }),
      ),
  });
}
