import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { JobView } from "@/features/jobs/job-view";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const job = {
  job_id: "j-1",
  satellite_id: "none",
  source: "manual",
  trigger_reason: null,
  trigger_reasons: [],
  status: "failed",
  model_name: "lstm_timeseries",
  total_subsystems: 1,
  completed_subsystems: 0,
  anomalies: 0,
  created_at: "2026-01-01T00:00:00Z",
  started_at: "2026-01-01T00:00:00.020Z",
  completed_at: "2026-01-01T00:00:00.050Z",
  error_message: "series: the model answered with 3 values, 5 were expected",
  metadata: {},
  stages: { waited_ms: 20, inference_ms: null, processed_ms: 30, total_ms: 50 },
  subsystems: [],
};

test("a failed job says why and what to do", async () => {
  vi.stubGlobal("fetch", answerWith({ "/api/v1/jobs/j-1": job }));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-1" });
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("3 values, 5 were expected");
  expect(alert).toHaveTextContent("submitted again");
  expect(screen.getAllByText("50 ms").length).toBeGreaterThan(0);
});

test("an unknown job is answered in the server's words", async () => {
  vi.stubGlobal("fetch", answerWith({}));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-2" });
  expect(await screen.findByRole("alert")).toHaveTextContent("no answer for /api/v1/jobs/j-2");
});
