import { z } from "zod";

import { MODEL_PATTERN, SATELLITE_PATTERN, textParam, wholeParam } from "@/lib/address";

/** State of the view that its address holds: all of the request but the series. */
export const searchSchema = z.object({
  model: textParam(MODEL_PATTERN),
  horizon: wholeParam(1, 1000),
  window: wholeParam(1, 100_000),
  satellite: textParam(SATELLITE_PATTERN),
});
export type InferenceSearch = z.infer<typeof searchSchema>;
