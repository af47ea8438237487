import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { JobsView } from "@/features/jobs/jobs-view";
import { searchSchema } from "@/features/jobs/search";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const job = (job_id: string) => ({
  job_id,
  satellite_id: "SAT-1",
  source: "kafka_auto_trigger",
  trigger_reason: "low_battery",
  trigger_reasons: ["low_battery"],
  status: "completed",
  model_name: "lstm_timeseries",
  total_subsystems: 4,
  completed_subsystems: 4,
  anomalies: 1,
  created_at: "2026-01-01T00:00:00Z",
  started_at: "2026-01-01T00:00:00.010Z",
  completed_at: "2026-01-01T00:00:00.050Z",
  error_message: null,
});

function show(at: string, page: { jobs: unknown[]; next_cursor: string | null }) {
  const asked: URL[] = [];
  const answer = answerWith({ "/api/v1/jobs": page });
  vi.stubGlobal("fetch", (input: Request) => {
    asked.push(new URL(input.url));
    return answer(input);
  });
  return { asked, ...renderView(JobsView, { path: "/jobs", at, search: searchSchema }) };
}

test("the page behind stands in the address, and filters stay", async () => {
  const { router } = show("/jobs?status=completed", { jobs: [job("j-1")], next_cursor: "c-2" });
  expect(await screen.findByRole("link", { name: "j-1" })).toHaveAttribute("href", "/jobs/j-1");
  fireEvent.click(screen.getByRole("button", { name: "Older" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ status: "completed", cursor: "c-2" }));
  expect(screen.getByText(/this page does not update/)).toBeVisible();
});

test("a short page with a page behind it is not the end", async () => {
  show("/jobs?reason=rare", { jobs: [], next_cursor: "c-9" });
  expect(await screen.findByText("No jobs match these filters.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Older" })).toBeEnabled();
});

test("what a hand typed wrongly into the address is not asked for", async () => {
  const { asked } = show("/jobs?status=nonsense&satellite=%3Cscript%3E&from=yesterday", {
    jobs: [job("j-1")],
    next_cursor: null,
  });
  await screen.findByRole("link", { name: "j-1" });
  const jobs = asked.filter(({ pathname }) => pathname === "/api/v1/jobs");
  expect(jobs.map(({ search }) => search)).toEqual(["?limit=50"]);
});
