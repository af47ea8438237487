import { z } from "zod";

import { SEVERITIES } from "@/lib/severities";

const STORAGE_KEY = "satellite-telemetry.announce";

const schema = z
  .object({
    sound: z.boolean().catch(false),
    notification: z.boolean().catch(false),
    severity: z.enum(SEVERITIES).catch("critical"),
  })
  .catch({ sound: false, notification: false, severity: "critical" });

/** How this browser tells of new alarms, and from which severity on; off until somebody turns it on. */
export type AnnounceSettings = z.output<typeof schema>;

/** What was chosen last, in whichever tab. */
export function announceSettings(): AnnounceSettings {
  const kept = localStorage.getItem(STORAGE_KEY);
  try {
    return schema.parse(kept === null ? {} : JSON.parse(kept));
  } catch {
    return schema.parse({}); // Somebody else wrote there: as if nothing was chosen.
  }
}

/** Keeps the choice for all tabs. */
export function keepAnnounceSettings(settings: AnnounceSettings): void {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(settings));
}

/**
 * Whether a browser can tell of alarms once for all of its tabs: it knows of one that does where it has locks, which
 * plain HTTP from another machine has not.
 */
export const canAnnounce = (): boolean => "locks" in navigator;
