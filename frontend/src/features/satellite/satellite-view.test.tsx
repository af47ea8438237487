import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { LiveConnection } from "@/lib/live/live";
import { answerWith, renderView } from "@/testing/render";

import { SatelliteView } from "@/features/satellite/satellite-view";
import { searchSchema } from "@/features/satellite/search";

// jsdom has no canvas.
vi.mock("@/components/charts/chart", async (original) => ({
  ...(await original<object>()),
  Chart: () => null,
}));

const mission = {
  name: "m",
  window: { length: 64, max_span_s: 900, max_gap_s: 60 },
  subsystems: [
    {
      name: "eps",
      horizon: 5,
      rules: [],
      channels: [
        { name: "soc", unit: "%", is_flag: false, is_feature: true, nominal: [40, 100], metric: "m" },
        { name: "voltage", unit: "V", is_flag: false, is_feature: true, nominal: null, metric: "v" },
      ],
    },
  ],
};
const telemetry = { start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-01T00:15:00Z", step_s: 0 };

type Known = {
  status?: number;
  values?: object[];
  subsystems?: object[];
  isStale?: boolean;
  state?: string;
  openAlerts?: number;
  contactPlan?: object | null;
  passes?: object[];
  rules?: object[];
};

/** Lets the API answer with samples of these times, and what else is known. */
function answer(times: number[], known: Known = {}) {
  const { status = 200, values = [], subsystems = [], isStale = false, state = "normal" } = known;
  const { openAlerts = 0, contactPlan = null, passes = [], rules = [] } = known;
  const columns = ["soc", "voltage"].map((channel) => ({
    subsystem: "eps",
    channel,
    min: times.map(() => 35),
    max: times.map(() => 35),
  }));
  const found = { ...telemetry, times, channels: columns };
  vi.stubGlobal(
    "fetch",
    answerWith({
      "/api/v1/mission": { ...mission, subsystems: mission.subsystems.map((one) => ({ ...one, rules })) },
      "/api/v1/trends/satellites": { satellites: ["SAT-001", "SAT-002"] },
      "/api/v1/telemetry/SAT-001":
        status === 200 ? found : Response.json({ detail: "VictoriaMetrics is away" }, { status }),
      "/api/v1/forecasts/SAT-001": { subsystem: "eps", forecasts: [], is_thinned: false },
      "/api/v1/verdicts": { verdicts: [], is_truncated: false },
      "/api/v1/alerts": { alerts: [] },
      "/api/v1/passes": { passes, next_cursor: null },
      "/api/v1/passed-over/SAT-001": { satellite_id: "SAT-001", values },
      "/api/v1/fleet/SAT-001": {
        satellite_id: "SAT-001",
        state,
        is_stale: isStale,
        contact_plan: contactPlan,
        retired: null,
        open_alerts: openAlerts,
        subsystems,
      },
    }),
  );
}

function show(times: number[], known: Known = {}, line?: ReadableStream<Uint8Array>) {
  answer(times, known);
  return renderView(SatelliteView, {
    path: "/satellites/$satelliteId",
    at: "/satellites/SAT-001",
    search: searchSchema,
    ...(line ? { verdicts: new LiveConnection("/stream", () => Promise.resolve(new Response(line))) } : {}),
  });
}

afterEach(() => vi.unstubAllGlobals());

test("each channel has its newest value, and says when that lies outside the nominal range", async () => {
  show([Date.now() / 1000 - 5]);
  expect(await screen.findByRole("heading", { level: 3, name: /soc/ })).toBeInTheDocument();
  expect(await screen.findByText("35 %")).toBeInTheDocument();
  expect(screen.getByText("Outside the nominal range")).toBeInTheDocument();
  expect(await screen.findByText("Telemetry fresh")).toBeInTheDocument();
});

test("between its passes a satellite's telemetry is neither fresh nor stale", async () => {
  const next = { start_time: "2026-01-01T11:47:00Z", end_time: "2026-01-01T11:57:00Z", ground_station: "X" };
  const plan = { is_covered: true, covered_until: "2026-01-02T00:00:00Z", running: null, next };
  show([Date.now() / 1000 - 300], { state: "standby", contactPlan: plan });
  expect(await screen.findByText("next pass 2026-01-01 11:47:00 UTC")).toBeVisible();
  expect(screen.queryByText(/Telemetry (fresh|stale)/)).toBeNull();
});

test.each([
  [false, "Telemetry fresh"],
  [true, "Telemetry stale"],
])("telemetry is as stale as Fleet says, whatever its age: %s", async (isStale, text) => {
  show([Date.now() / 1000 - 300], { isStale });
  expect(await screen.findByText(text)).toBeInTheDocument();
});

test("the header says the satellite's state and open alerts, whether or not telemetry is fresh", async () => {
  show([Date.now() / 1000 - 5], { state: "critical", openAlerts: 2 });
  expect(await screen.findByText("Critical")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Open alerts: 2" })).toHaveAttribute(
    "href",
    "/alerts?satellite=SAT-001",
  );
  const fresh = await screen.findByText("Telemetry fresh");
  expect(fresh.querySelector(".status-symbol")).toBeNull();
});

test("passes of the contact plan stand in the legend, and are hidden by a click that the address keeps", async () => {
  const pass = { start_time: "2026-01-01T11:47:00Z", end_time: "2026-01-01T11:57:00Z" };
  const { router } = show([Date.now() / 1000 - 5], { passes: [pass] });
  const legend = within(await screen.findByRole("list", { name: "Legend" }));
  await userEvent.click(await legend.findByRole("button", { name: "Pass (contact plan)", pressed: true }));
  const hidden = await legend.findByRole("button", { name: "Pass (contact plan)", pressed: false });
  expect(router.state.location.search).toEqual({ passes: "hidden" });
  await userEvent.click(hidden);
  expect(await legend.findByRole("button", { pressed: true })).toBeVisible();
  expect(router.state.location.search).toEqual({});
});

test("a limit that is changed elsewhere is drawn with one of the next ticks", async () => {
  let end: ReadableStreamDefaultController<Uint8Array> | undefined;
  const line = new ReadableStream<Uint8Array>({ start: (controller) => void (end = controller) });
  const times = [Date.now() / 1000 - 5];
  show(times, {}, line);
  expect(await screen.findByText("Outside the nominal range")).toBeVisible();
  const changed = { channel: "soc", below: 40, above: null, equals: null, reason: "low_battery" };
  answer(times, { rules: [{ ...changed, is_contextual: false, kind: "limit", rate: null }] });
  end?.enqueue(
    new TextEncoder().encode(`event: tick\ndata: {"generated_at":"${new Date().toISOString()}"}\n\n`),
  );
  expect(await screen.findByText("Limit broken", { selector: ".satellite-judgement" })).toBeVisible();
});

test("without a contact plan the legend names no passes", async () => {
  show([Date.now() / 1000 - 5]);
  const legend = within(await screen.findByRole("list", { name: "Legend" }));
  expect(legend.getByText("Now")).toBeVisible();
  expect(legend.queryByRole("button")).toBeNull();
});

test("a satellite without any telemetry is called unknown", async () => {
  show([]);
  expect(await screen.findByText("SAT-001 has never sent telemetry")).toBeInTheDocument();
  expect(screen.getByText("No telemetry received")).toBeInTheDocument();
});

test("a subsystem that learns says what it lacks", async () => {
  const progress = { samples: 412, needed: 2000, remaining_s: 1588, reason: "too_few_samples" };
  show([Date.now() / 1000 - 5], {
    subsystems: [
      { subsystem: "eps", verdict: "learning", learning: progress },
      { subsystem: "comm", verdict: "nominal", learning: null },
    ],
  });
  expect(await screen.findByText("learning: 412 of 2000 samples, about 26 m 28 s to go")).toBeVisible();
  expect(screen.getAllByText(/^learning:/)).toHaveLength(1);
});

test("values that were passed over stand with channel, reason and the last one", async () => {
  const refused = { channel: "eps.voltage", count: 3, last_value: "3.9 V", last_at: "2026-01-01T00:00:00Z" };
  show([Date.now() / 1000 - 5], {
    values: [
      { ...refused, reason: "text" },
      { ...refused, reason: "of_a_later_release", last_value: "<b>" },
    ],
  });
  const table = await screen.findByRole("table", { name: "Values passed over" });
  const rows = within(table).getAllByRole("row");
  expect(rows[1]).toHaveTextContent("eps.voltagetext that is not a number33.9 V2026-01-01 00:00:00 UTC");
  expect(rows[2]).toHaveTextContent("of_a_later_release3<b>");
});

test("nothing passed over is no table", async () => {
  show([Date.now() / 1000 - 5]);
  expect(await screen.findByText("Telemetry fresh")).toBeInTheDocument();
  expect(screen.queryByText("Values passed over")).toBeNull();
});

test("when the telemetry store is away the server's words are shown beside the charts", async () => {
  show([], { status: 503 });
  expect(await screen.findByText("VictoriaMetrics is away")).toBeInTheDocument();
  await waitFor(() => expect(screen.getByRole("heading", { level: 3, name: /voltage/ })).toBeInTheDocument());
});
