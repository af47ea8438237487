import { z } from "zod";

import { RANGES, type Range } from "@/features/alerts/states";
import { text } from "@/lib/address/address";

/**
 * State of the view that its address holds: `state` is words with commas between; `sort` a column, with `-` before it
 * from the greatest down.
 */
export const searchSchema = z.object({
  state: text,
  kind: z.enum(["anomaly", "limit", "satellite"]).optional().catch(undefined),
  satellite: text,
  subsystem: text,
  range: z
    .enum(Object.keys(RANGES) as [Range, ...Range[]])
    .optional()
    .catch(undefined),
  sort: text,
});
