import type { Schemas } from "@/api/client";
import type { InferenceSearch } from "@/features/inference/search";

export type SubmitRequest = Schemas["SubmitRequest"];

/** The body of the request that the form stands for. */
export function requestOf(search: InferenceSearch, model: string, values: number[]): SubmitRequest {
  return {
    model_name: model,
    ...inputOf(search.channel, values),
    config: {
      ...(search.horizon === undefined ? {} : { forecast_horizon: search.horizon }),
      ...(search.window === undefined ? {} : { window_size: search.window }),
      ...(search.interval === undefined ? {} : { interval_s: search.interval }),
    },
    ...(search.satellite === undefined ? {} : { metadata: { satellite_id: search.satellite } }),
  } as SubmitRequest;
}

function inputOf(channel: string | undefined, values: number[]) {
  const [subsystem, name] = channel?.split(".") ?? [];
  return subsystem && name ? { subsystems: { [subsystem]: { [name]: values } } } : { data: values };
}

/** The same request for a POSIX shell; the body is no argument, since a long series exceeds what one may hold. */
export function curlOf(origin: string, request: SubmitRequest): string {
  const head = `curl -X POST '${origin}/api/v1/inference/submit' -H 'Content-Type: application/json'`;
  return `${head} --data-binary @- <<'BODY'\n${JSON.stringify(request)}\nBODY`;
}
