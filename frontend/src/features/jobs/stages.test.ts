import { expect, test } from "vitest";

import { durationMs, timelineOf } from "@/features/jobs/stages";

test("stages follow one another from the dispatch on", () => {
  expect(timelineOf({ waited_ms: 20, inference_ms: 5, processed_ms: 30, total_ms: 50 })).toEqual({
    stages: [
      { name: "waited", startMs: 0, lengthMs: 20 },
      { name: "processed", startMs: 20, lengthMs: 30 },
    ],
    totalMs: 50,
  });
});

test("a job that still waits has no stages, and no length", () => {
  const nothing = { waited_ms: null, inference_ms: null, processed_ms: null, total_ms: null };
  expect(timelineOf(nothing)).toEqual({ stages: [], totalMs: 0 });
  expect(durationMs({ created_at: "2026-01-01T00:00:00Z", completed_at: null })).toBeNull();
});
