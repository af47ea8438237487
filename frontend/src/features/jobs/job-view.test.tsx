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

const subsystem = {
  subsystem: "eps",
  model_name: "lstm_timeseries",
  model_version: "1",
  status: "completed",
  verdict: "nominal",
  anomaly_score: 0.1,
  anomaly_detected: false,
  inference_time_ms: 3,
  started_at: null,
  completed_at: null,
  error_message: null,
  input_features: null,
  generated_at: "2026-05-01T12:00:00Z",
  window_start: "2026-05-01T11:58:57Z",
  sample_count: 64,
  input_data: { without_window: { current: "never seen", heater: "too old" } },
  predictions: null,
  bands: null,
  confidence: null,
  contributions: null,
  calibration_hash: null,
  processed_by: null,
};

test("channels without a window are named with their reason", async () => {
  const judged = { ...job, status: "completed", error_message: null, subsystems: [subsystem] };
  vi.stubGlobal("fetch", answerWith({ "/api/v1/jobs/j-1": judged }));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-1" });
  expect(await screen.findByText("current: never seen, heater: newest sample too old")).toBeVisible();
});

test("a subsystem tells when its newest sample was taken and how many the window holds", async () => {
  const judged = { ...job, status: "completed", error_message: null, subsystems: [subsystem] };
  vi.stubGlobal("fetch", answerWith({ "/api/v1/jobs/j-1": judged }));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-1" });
  expect(await screen.findByText("64 samples")).toBeVisible();
  expect(screen.getByText(/12:00:00\.000/)).toBeVisible();
});

test("a learning subsystem says what to do, and its channels that they are not calibrated", async () => {
  const input = { without_window: { current: "not calibrated" } };
  const learning = { ...subsystem, verdict: "learning", anomaly_score: null, input_data: input };
  const judged = { ...job, status: "completed", error_message: null, subsystems: [learning] };
  vi.stubGlobal("fetch", answerWith({ "/api/v1/jobs/j-1": judged }));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-1" });
  expect(await screen.findByText("Learning")).toBeVisible();
  expect(screen.getByText(/learned from stored telemetry/)).toBeVisible();
  expect(screen.getByText("current: not calibrated")).toBeVisible();
});

test("an unknown job is answered in the server's words", async () => {
  vi.stubGlobal("fetch", answerWith({}));
  renderView(JobView, { path: "/jobs/$jobId", at: "/jobs/j-2" });
  expect(await screen.findByRole("alert")).toHaveTextContent("no answer for /api/v1/jobs/j-2");
});
