import type { Schemas } from "@/api/client";

export type StageName = "waited" | "processed";
export type Stage = { name: StageName; startMs: number; lengthMs: number };

/** The stages of a job one after the other, from its dispatch; a stage that is not known yet is left out. */
export function timelineOf(stages: Schemas["JobStages"]): { stages: Stage[]; totalMs: number } {
  const lengths: [StageName, number | null][] = [
    ["waited", stages.waited_ms],
    ["processed", stages.processed_ms],
  ];
  const found: Stage[] = [];
  let startMs = 0;
  for (const [name, lengthMs] of lengths) {
    if (lengthMs === null) break;
    found.push({ name, startMs, lengthMs });
    startMs += lengthMs;
  }
  return { stages: found, totalMs: Math.max(startMs, stages.total_ms ?? 0) };
}

/** How long a job took from its dispatch to its last verdict; null while it runs. */
export function durationMs(job: Pick<Schemas["JobItem"], "created_at" | "completed_at">): number | null {
  return job.completed_at === null ? null : Date.parse(job.completed_at) - Date.parse(job.created_at);
}
