import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";

import { LiveConnection } from "@/lib/live/live";
import { LiveProvider } from "@/lib/live/live-context";
import { createQueryClient } from "@/lib/query";
import { answerWith } from "@/testing/render";

import { useLiveTail } from "@/features/satellite/components/hooks/use-live-tail";
import { LiveData } from "@/features/satellite/data/live-data";
import { ChartGroup } from "@/features/satellite/drawing/chart-group";

const choice = { satelliteId: "SAT-001", subsystem: null, channels: null };
const telemetry = {
  satellite_id: "SAT-001",
  start_time: "2026-01-01T00:00:00Z",
  end_time: "2026-01-01T00:15:00Z",
  strategy: "minmax",
  step_s: 0,
  times: [],
  channels: [],
} as const;
const verdict = {
  satellite_id: "SAT-001",
  subsystem: "eps",
  job_id: "a",
  trigger_reasons: ["low_battery"],
  generated_at: "2026-01-01T00:14:59Z",
};

afterEach(() => vi.unstubAllGlobals());

/** Follows SAT-001 on a line that the test writes; tells which paths were asked for. */
function follow(isOn: boolean) {
  const asked: string[] = [];
  const answer = answerWith({
    "/api/v1/telemetry/SAT-001": telemetry,
    "/api/v1/forecasts/SAT-001": { subsystem: "eps", forecasts: [], is_thinned: false },
  });
  vi.stubGlobal("fetch", ((input) => {
    asked.push(new URL(input instanceof Request ? input.url : String(input), "http://localhost").pathname);
    return answer(input);
  }) satisfies typeof fetch);
  let line: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (line = controller) });
  const connection = new LiveConnection("/stream", () => Promise.resolve(new Response(body)));
  const silent = new LiveConnection("/silent", () => new Promise(() => undefined));
  const group = new ChartGroup(new LiveData(new Set(["low_battery"])));
  group.show({ kind: "fixed", start: 0, end: 4e9 }, { maxGapS: 60, pixelS: 1 });
  group.data.load({ ...telemetry, times: [], channels: [] });
  const client = createQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <LiveProvider verdicts={connection} alarms={silent}>
        {children}
      </LiveProvider>
    </QueryClientProvider>
  );
  renderHook(() => useLiveTail(group, choice, ["eps"], isOn), { wrapper });
  const send = (event: string, data: object) =>
    line?.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  return { asked, connection, group, send };
}

const rule = {
  channel: "soc",
  below: 30,
  above: null,
  equals: null,
  reason: "low_battery",
  is_contextual: false,
  switched_off: null,
  kind: "limit" as const,
  rate: null,
};
const marksOf = ({ data }: ChartGroup) => data.marksOf("eps", "soc", [rule]);
const tick = { generated_at: "2026-01-01T00:15:00Z" };

test("a verdict of the live line is marked at once; only telemetry and forecasts are asked for", async () => {
  const { asked, group, send } = follow(true);
  send("verdict", verdict);
  await waitFor(() => expect(marksOf(group)).toEqual([Date.parse(verdict.generated_at) / 1000]));
  expect(asked).toEqual([]);
  send("tick", tick);
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(asked.sort()).toEqual(["/api/v1/forecasts/SAT-001", "/api/v1/telemetry/SAT-001"]);
});

test("a verdict on another satellite asks for no forecasts", async () => {
  const { asked, group, send } = follow(true);
  send("verdict", { ...verdict, satellite_id: "SAT-002" });
  send("tick", tick);
  await waitFor(() => expect(asked).toEqual(["/api/v1/telemetry/SAT-001"]));
  expect(marksOf(group)).toEqual([]);
});

test("a view that does not follow holds no verdicts and asks for nothing", async () => {
  const { asked, connection, group, send } = follow(false);
  send("verdict", verdict);
  send("tick", tick);
  await waitFor(() => expect(connection.serverNow).toBe(Date.parse(tick.generated_at)));
  expect(marksOf(group)).toEqual([]);
  expect(asked).toEqual([]);
});
