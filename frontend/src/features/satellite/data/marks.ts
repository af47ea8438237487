import { z } from "zod";

import type { Schemas } from "@/api/client";

import type { MissionRule } from "@/features/satellite/data/judgement";

/** What a mark needs of a verdict, whether it was listed or came on the live line. */
export type JudgedSampleSet = Pick<
  Schemas["VerdictItem"],
  "subsystem" | "job_id" | "trigger_reasons" | "generated_at"
>;
type Subsystem = Pick<Schemas["MissionSubsystem"], "rules">;

const liveSchema = z.object({
  satellite_id: z.string(),
  subsystem: z.string(),
  job_id: z.string(),
  trigger_reasons: z.array(z.string()),
  generated_at: z.string(),
});

/** A verdict of the live line, if it is on the telemetry of that satellite. */
export function liveVerdictOn(satelliteId: string, event: unknown): JudgedSampleSet | null {
  const { data } = liveSchema.safeParse(event);
  return data?.satellite_id === satelliteId ? data : null;
}

/** When a rule of the mission asked for a verdict on a subsystem: by subsystem and job. */
export type Marks = Map<string, { subsystem: string; time: number; reasons: readonly string[] }>;

/** Adds the verdicts that a rule asked for, none twice. */
export function addMarks(
  marks: Marks,
  verdicts: readonly JudgedSampleSet[],
  reasons: ReadonlySet<string>,
): void {
  for (const { subsystem, job_id, trigger_reasons, generated_at } of verdicts) {
    if (!trigger_reasons.some((reason) => reasons.has(reason))) continue;
    marks.set(`${subsystem}/${job_id}`, {
      subsystem,
      time: Date.parse(generated_at) / 1000,
      reasons: trigger_reasons,
    });
  }
}

/** Drops marks older than `start`. */
export function trimMarks(marks: Marks, start: number): void {
  for (const [key, { time }] of marks) if (time < start) marks.delete(key);
}

/** Times at which a rule of this channel asked: a job is about all subsystems, whichever rule asked for it. */
export function marksOf(
  marks: Marks,
  subsystem: string,
  channel: string,
  rules: readonly MissionRule[],
): number[] {
  const own = new Set(rules.filter((rule) => rule.channel === channel).map(({ reason }) => reason));
  return [...marks.values()]
    .filter((mark) => mark.subsystem === subsystem && mark.reasons.some((reason) => own.has(reason)))
    .map(({ time }) => time);
}

/** Reasons that rules give, as opposed to the periodic check. */
export function ruleReasons(subsystems: readonly Subsystem[]): Set<string> {
  return new Set(subsystems.flatMap(({ rules }) => rules.map(({ reason }) => reason)));
}
