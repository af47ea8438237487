import { z } from "zod";

/** Lengths of the time axis that follow the satellite, in seconds. */
export const RANGES = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400 } as const;
export type Range = keyof typeof RANGES;
export const DEFAULT_RANGE: Range = "15m";

const time = z.iso.datetime({ offset: true }).optional().catch(undefined);

/**
 * State of the view that its address holds; what is missing or unknown falls back. `from` and `to` (ISO, UTC) together
 * name a fixed span and win over `range`. `subsystem` may be `all`; `passes` may be `hidden`.
 */
export const searchSchema = z.object({
  subsystem: z.string().optional().catch(undefined),
  channels: z
    .union([z.array(z.string()).min(1), z.string().transform((channel) => [channel])])
    .optional()
    .catch(undefined),
  range: z
    .enum(Object.keys(RANGES) as [Range, ...Range[]])
    .optional()
    .catch(undefined),
  from: time,
  to: time,
  passes: z.literal("hidden").optional().catch(undefined),
});

export type SatelliteSearch = z.output<typeof searchSchema>;
