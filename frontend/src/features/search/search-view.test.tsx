import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { SearchView } from "@/features/search/search-view";
import { searchSchema } from "@/features/search/search";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const open = (at: string) => renderView(SearchView, { path: "/search", at, search: searchSchema });

test("words of the address are looked for at once", async () => {
  const hit = { job_id: "kafka-SAT-1-1", model_name: "lstm_timeseries", metadata: null, score: 3.5 };
  vi.stubGlobal("fetch", answerWith({ "/api/v1/search": { hits: [hit], total: 7, took_ms: 3 } }));
  open("/search?q=SAT-1");
  expect(await screen.findByRole("link", { name: "kafka-SAT-1-1" })).toHaveAttribute(
    "href",
    "/jobs/kafka-SAT-1-1",
  );
  expect(screen.getByText(/7 jobs match; 3 ms/)).toBeVisible();
});

test("an engine that is away leaves the operator with what still works", async () => {
  const away = Response.json({ detail: "elasticsearch: connection refused" }, { status: 503 });
  vi.stubGlobal("fetch", answerWith({ "/api/v1/search/analytics/models": away }));
  open("/search?tab=models");
  expect(await screen.findByText(/Alerts and Jobs work as usual/)).toBeVisible();
  expect(screen.getByRole("alert")).toHaveTextContent("connection refused");
});
