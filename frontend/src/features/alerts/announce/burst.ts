import { z } from "zod";

import { KINDS, STATE_GROUPS, type Severity } from "@/features/alerts/states";
import { SEVERITIES } from "@/lib/severities";

/** Alarms within so long of the first one are one burst: one sound, and one notification that counts on. */
export const BURST_MS = 10_000;
const COUNT_MS = 2_000;

const schema = z.object({
  alarm_id: z.string(),
  change: z.enum(["raised", "raised_again"]),
  satellite_id: z.string(),
  subsystem: z.string(),
  kind: z.enum(KINDS),
  reason: z.string(),
  severity: z.enum(SEVERITIES),
  state: z.enum(STATE_GROUPS.unacknowledged),
});

/** A new alarm, as the live line tells it. */
export type NewAlarm = z.output<typeof schema>;

/** The alarm that an event raises, if it calls somebody: none that is shelved, over or acknowledged by now. */
export const newAlarmOf = (event: unknown): NewAlarm | null => schema.safeParse(event).data ?? null;

const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Whether an alarm is as severe as another one, or more. */
export const isAtLeast = (severity: Severity, least: Severity): boolean => rankOf(severity) >= rankOf(least);

/** Gathers new alarms, so that a flood of them is told once. */
export class Burst {
  private alarms = new Map<string, NewAlarm>();
  private startedAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `tell` is called with the worst alarm of a burst, how many there are, and whether to make a sound. */
  constructor(private readonly tell: (worst: NewAlarm, count: number, isLoud: boolean) => void) {}

  /** Tells of an alarm at once if it begins a burst or is worse than the others of it; else with the next count. */
  add(alarm: NewAlarm): void {
    const now = Date.now();
    if (now - this.startedAt >= BURST_MS) {
      this.end();
      this.startedAt = now;
    }
    const worst = this.worst();
    this.alarms.set(alarm.alarm_id, alarm);
    if (!worst || !isAtLeast(worst.severity, alarm.severity)) this.tell(alarm, this.alarms.size, true);
    else this.timer ??= setTimeout(() => this.count(), COUNT_MS);
  }

  /** Forgets the burst. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.alarms.clear();
  }

  private count(): void {
    this.timer = undefined;
    const worst = this.worst();
    if (worst) this.tell(worst, this.alarms.size, false);
  }

  private worst(): NewAlarm | null {
    let worst: NewAlarm | null = null;
    for (const alarm of this.alarms.values())
      if (!worst || !isAtLeast(worst.severity, alarm.severity)) worst = alarm;
    return worst;
  }
}
