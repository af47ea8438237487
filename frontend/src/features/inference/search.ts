import { z } from "zod";

import {
  MODEL_PATTERN,
  positiveParam,
  SATELLITE_PATTERN,
  textParam,
  wholeParam,
} from "@/lib/address/address";

/** `subsystem.channel`. */
const CHANNEL_PATTERN = /^[a-z][a-z0-9_]{0,49}\.[a-z][a-z0-9_]{0,49}$/;

/** State of the view that its address holds: all of the request but the series. */
export const searchSchema = z.object({
  model: textParam(MODEL_PATTERN),
  horizon: wholeParam(1, 1000),
  window: wholeParam(1, 100_000),
  channel: textParam(CHANNEL_PATTERN),
  interval: positiveParam(1e9),
  satellite: textParam(SATELLITE_PATTERN),
});
export type InferenceSearch = z.infer<typeof searchSchema>;
