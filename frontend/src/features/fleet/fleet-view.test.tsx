import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, expect, test, vi } from "vitest";

import type { Schemas } from "@/api/client";
import { FleetView } from "@/features/fleet/fleet-view";
import { searchSchema } from "@/features/fleet/search";
import { aFleet, aSatellite, aSubsystem } from "@/features/fleet/testing";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const mission = { subsystems: [{ name: "eps" }, { name: "comm" }] };

function show(satellites: Schemas["SatelliteState"][], at = "/", changes: Partial<Schemas["Fleet"]> = {}) {
  const fleet = { ...aFleet(satellites), ...changes };
  const asked: string[] = [];
  const answers = answerWith({ "/api/v1/mission": mission, "/api/v1/fleet": fleet });
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request.url);
    return answers(request);
  });
  return { asked, ...renderView(FleetView, { path: "/", at, search: searchSchema }) };
}

const well = aSatellite({ satellite_id: "SAT-002" });
const silent = aSatellite({
  satellite_id: "SAT-009",
  state: "off",
  is_stale: true,
  last_contact: "2026-11-24T08:00:00Z",
  subsystems: [aSubsystem({ state: "off", is_stale: true, last_contact: "2026-11-24T08:00:00Z" })],
});

test("a fresh install says what to run", async () => {
  show([]);
  expect(await screen.findByText("make demo")).toBeVisible();
  expect(screen.getByText(/docker compose up -d/)).toHaveTextContent("docker compose run --rm simulator");
});

test("telemetry that stopped is named with its moment and is never green", async () => {
  show([silent]);
  const row = await screen.findByRole("row", { name: /SAT-009/ });
  expect(within(row).getByText("since 2026-11-24 08:00:00 UTC")).toBeVisible();
  expect(row.querySelector("[data-status=normal]")).toBeNull();
});

const station = "Svalbard";
const running = {
  start_time: "2026-11-25T12:58:00Z",
  end_time: "2026-11-25T13:08:00Z",
  ground_station: station,
};
const next = {
  start_time: "2026-11-25T14:33:00Z",
  end_time: "2026-11-25T14:43:00Z",
  ground_station: station,
};
const tomorrow = { ...next, start_time: "2026-11-26T01:00:00Z" };

test.each([
  [{ running, next }, "in pass until 13:08:00 UTC", "패스 중, 13:08:00 UTC까지"],
  [{ running: null, next }, "next pass 14:33:00 UTC", "다음 패스 14:33:00 UTC"],
  [
    { running: null, next: tomorrow },
    "next pass 2026-11-26 01:00:00 UTC",
    "다음 패스 2026-11-26 01:00:00 UTC",
  ],
  [{ running: null, next: null }, "no pass before 23:00:00 UTC", "23:00:00 UTC까지 패스 없음"],
  [
    { running: null, next: null, is_covered: false, covered_until: "2026-11-25T12:00:00Z" },
    "contact plan ended 12:00:00 UTC",
    "교신 계획 종료 12:00:00 UTC",
  ],
  [
    {
      running: null,
      next: null,
      is_covered: false,
      has_run_out: true,
      covered_until: "2026-11-25T09:00:00Z",
    },
    "contact plan ran out 09:00:00 UTC: send the next one",
    "교신 계획 소진 09:00:00 UTC: 다음 계획을 보내십시오",
  ],
])("a contact plan is told in place of the age: %#", async (said, english, korean) => {
  const plan = { is_covered: true, has_run_out: false, covered_until: "2026-11-25T23:00:00Z", ...said };
  show([aSatellite({ satellite_id: "SAT-009", state: "standby", contact_plan: plan })]);
  const row = await screen.findByRole("row", { name: /SAT-009/ });
  expect(within(row).getByText(english)).toBeVisible();
  expect(within(row).queryByText(/ago/)).toBeNull();
  await act(() => i18next.changeLanguage("ko"));
  expect(within(row).getByText(korean)).toBeVisible();
  await act(() => i18next.changeLanguage("en"));
});

test.each([
  [-31_536_301, "On-board clock jumped ahead (1 y)"],
  [301, "On-board clock jumped back (5 m 1 s)"],
])("a clock that lies %d s behind is named instead of the last contact", async (clock_behind_s, text) => {
  show([aSatellite({ satellite_id: "SAT-009", state: "serious", last_contact: null, clock_behind_s })]);
  const row = await screen.findByRole("row", { name: /SAT-009/ });
  expect(within(row).getByText(text)).toBeVisible();
  expect(within(row).queryByText("Never")).toBeNull();
});

test("a fleet whose alerts lag behind the verdicts says so", async () => {
  show([well], "/", { anomalies_behind_s: 65 });
  expect(await screen.findByText(/Anomaly alerts are 1 m 5 s behind/)).toBeVisible();
});

test("a state in the address filters, and its count leads there", async () => {
  const { router } = show([silent, well], "/?state=off");
  expect(await screen.findByRole("row", { name: /SAT-009/ })).toBeVisible();
  expect(screen.queryByRole("row", { name: /SAT-002/ })).toBeNull();
  await userEvent.click(screen.getByRole("link", { name: /1\s*Normal/ }));
  expect(await screen.findByRole("row", { name: /SAT-002/ })).toBeVisible();
  expect(router.state.location.search).toEqual({ state: "off,normal" });
});

test("typing a name filters at once and a link keeps it", async () => {
  const { router } = show([silent, well]);
  await userEvent.type(await screen.findByRole("searchbox", { name: "Search satellites" }), "002");
  expect(screen.queryByRole("row", { name: /SAT-009/ })).toBeNull();
  await vi.waitFor(() => expect(router.state.location.search).toEqual({ satellite: "002" }));
});

test("a filter that hides everything says so and can be taken away", async () => {
  show([well], "/?satellite=nowhere");
  await userEvent.click(await screen.findByRole("button", { name: "Show all satellites" }));
  expect(await screen.findByRole("row", { name: /SAT-002/ })).toBeVisible();
});

test("a thousand satellites put only the rows in sight into the page", async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `SAT-${index}`);
  show(names.map((satellite_id) => aSatellite({ satellite_id })));
  const table = await screen.findByRole("table");
  expect(table).toHaveAttribute("aria-rowcount", "1001");
  expect(table.querySelectorAll("tr").length).toBeLessThan(100);
});

test("a cell leads to its subsystem, the count of alerts to the alerts of its satellite", async () => {
  show([well]);
  const row = await screen.findByRole("row", { name: /SAT-002/ });
  expect(within(row).getByRole("link", { name: /Normal/ })).toHaveAttribute(
    "href",
    "/satellites/SAT-002?subsystem=eps",
  );
  expect(within(row).getByRole("link", { name: /No alerts/ })).toHaveAttribute(
    "href",
    "/alerts?satellite=SAT-002",
  );
});

test("what ended before anybody looked is counted and leads to these alerts alone", async () => {
  show([aSatellite({ satellite_id: "SAT-002", state: "caution", returned_alerts: 2 })]);
  const row = await screen.findByRole("row", { name: /SAT-002/ });
  expect(within(row).getByRole("link", { name: "2 returned, unacknowledged" })).toHaveAttribute(
    "href",
    "/alerts?satellite=SAT-002&state=returned&range=30d",
  );
});

test("so many that the server counts no further say so", async () => {
  show([aSatellite({ satellite_id: "SAT-002", returned_alerts: 100 })]);
  expect(await screen.findByRole("link", { name: "100+ returned, unacknowledged" })).toBeVisible();
});

test("retired satellites are behind a link that the address keeps, and so is the way back", async () => {
  const { router, asked } = show([well], "/", { retired_count: 2 });
  await userEvent.click(await screen.findByRole("link", { name: "Retired: 2" }));
  expect(router.state.location.search).toEqual({ retired: "only" });
  expect(await screen.findByRole("heading", { name: "Fleet: retired satellites" })).toBeVisible();
  await waitFor(() => expect(asked.at(-1)).toMatch(/\/api\/v1\/fleet\?retired=true$/));
  await userEvent.click(screen.getByRole("link", { name: "Satellites in service" }));
  expect(router.state.location.search).toEqual({});
});

test("where none is retired nothing is offered, and where all are no fresh install is told", async () => {
  show([well]);
  await screen.findByRole("row", { name: /SAT-002/ });
  expect(screen.queryByRole("link", { name: /Retired/ })).toBeNull();
  show([], "/", { retired_count: 1 });
  expect(await screen.findByRole("link", { name: "Retired: 1" })).toBeVisible();
  expect(screen.queryByText("make demo")).toBeNull();
});
