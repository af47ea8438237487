import { z } from "zod";

import {
  choiceParam,
  MODEL_PATTERN,
  NAME_PATTERN,
  SATELLITE_PATTERN,
  textParam,
  utcParam,
} from "@/lib/address/address";

export const TABS = ["words", "verdicts", "readings", "models"] as const;
export const STATUSES = ["completed", "failed"] as const;

/** State of the view that its address holds: the tab and what is looked for. */
export const searchSchema = z.object({
  tab: choiceParam(TABS),
  q: textParam(/^.{1,200}$/),
  model: textParam(MODEL_PATTERN),
  status: choiceParam(STATUSES),
  channel: textParam(NAME_PATTERN),
  subsystem: textParam(NAME_PATTERN),
  satellite: textParam(SATELLITE_PATTERN),
  from: utcParam(),
  to: utcParam(),
});
export type SearchState = z.infer<typeof searchSchema>;
