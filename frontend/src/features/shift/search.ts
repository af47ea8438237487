import { z } from "zod";

import { utcParam, wholeParam } from "@/lib/address/address";

export const MAX_OPERATORS = 100;

/** State of both views that their address holds: the span, without a bound the server's, and who share the alarms. */
export const searchSchema = z.object({
  from: utcParam(),
  to: utcParam(),
  operators: wholeParam(1, MAX_OPERATORS),
});
export type ShiftSearch = z.infer<typeof searchSchema>;
