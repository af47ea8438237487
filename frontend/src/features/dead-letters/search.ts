import { z } from "zod";

import { choiceParam, SATELLITE_PATTERN, textParam } from "@/lib/address/address";

export const SOURCES = ["kafka", "rabbitmq"] as const;
export const STATES = ["open", "redriven", "discarded", "any"] as const;

/** State of the view that its address holds: filters and the page. */
export const searchSchema = z.object({
  state: choiceParam(STATES),
  source: choiceParam(SOURCES),
  reason: textParam(/^[ -~]{1,100}$/),
  satellite: textParam(SATELLITE_PATTERN),
  cursor: textParam(/^[1-9][0-9]{0,17}$/),
});
export type DeadLetterSearch = z.infer<typeof searchSchema>;
