import { z } from "zod";

import {
  choiceParam,
  MODEL_PATTERN,
  NAME_PATTERN,
  SATELLITE_PATTERN,
  textParam,
  utcParam,
} from "@/lib/address/address";

export const STATUSES = ["pending", "processing", "completed", "failed"] as const;
export const SOURCES = ["kafka_auto_trigger", "manual", "scheduled", "test"] as const;

/** State of the view that its address holds: filters and the page. */
export const searchSchema = z.object({
  satellite: textParam(SATELLITE_PATTERN),
  subsystem: textParam(NAME_PATTERN),
  status: choiceParam(STATUSES),
  source: choiceParam(SOURCES),
  model: textParam(MODEL_PATTERN),
  reason: textParam(/^[ -~]{1,100}$/),
  from: utcParam(),
  to: utcParam(),
  cursor: textParam(/^[!-~]{1,400}$/),
});
export type JobSearch = z.infer<typeof searchSchema>;
