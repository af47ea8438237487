import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { AlertsView } from "@/features/alerts/alerts-view";
import { searchSchema } from "@/features/alerts/search";
import type { Alert } from "@/features/alerts/states";
import { anAlert } from "@/features/alerts/testing";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const first = anAlert({ alert_id: "a", satellite_id: "SAT-001", peak_score: 0.8 });
const second = anAlert({ alert_id: "b", satellite_id: "SAT-002", state: "cleared", peak_score: 0.95 });

function show(alerts: Alert[], at = "/alerts", anomalies_behind_s = 0) {
  const answer = answerWith({
    "/api/v1/mission": { subsystems: [{ name: "eps" }] },
    "/api/v1/fleet": { satellites: [{ satellite_id: "SAT-001" }] },
    "/api/v1/alerts": { alerts, count: alerts.length, is_truncated: false, anomalies_behind_s },
  });
  const asked = vi.fn(answer);
  vi.stubGlobal("fetch", asked);
  const queries = () =>
    asked.mock.calls
      .map(([input]) => new URL(input instanceof Request ? input.url : String(input)))
      .filter(({ pathname }) => pathname === "/api/v1/alerts")
      .map(({ searchParams }) => searchParams);
  return { ...renderView(AlertsView, { path: "/alerts", at, search: searchSchema }), queries };
}

test("filters of the address are asked of the server; nonsense in it is not", async () => {
  const { queries } = show([first], "/alerts?state=returned,nonsense&satellite=SAT-001&range=1h&kind=odd");
  await screen.findByRole("table");
  const query = queries().find((params) => params.get("satellite_id") === "SAT-001");
  expect(query?.getAll("state")).toEqual(["returned"]);
  expect(query?.get("kind")).toBeNull();
});

test("a state that is pressed goes to the address", async () => {
  const { router } = show([first]);
  const button = await screen.findByRole("button", { name: "Cleared" });
  await userEvent.click(button);
  expect(router.state.location.search).toEqual({ state: "cleared" });
  expect(button).toHaveAttribute("aria-pressed", "true");
});

test("what waits for acknowledgement is counted on top", async () => {
  show([first]);
  expect(await screen.findByText("1 awaiting acknowledgement")).toBeVisible();
});

test("alerts that the relay does not keep up with are named old, and nothing is called normal", async () => {
  show([], "/alerts", 245);
  expect(await screen.findByText(/Anomaly alerts are 4 m 5 s behind/)).toBeVisible();
  expect(screen.queryByText("None awaiting acknowledgement")).toBeNull();
});

test("only the count of a limit's verdicts has an end", async () => {
  show([anAlert({ verdict_count: 1234 }), anAlert({ alert_id: "b", kind: "limit", verdict_count: 1000 })]);
  expect(await screen.findByText("1234")).toBeVisible();
  expect(screen.getByText("1000+")).toBeVisible();
});

test("an alert of a clock says how far it is ahead or behind", async () => {
  const clock = { subsystem: "satellite", kind: "satellite" } as const;
  show([
    anAlert({ ...clock, alert_id: "a", reason: "clock_jumped_ahead", clock_behind_s: -3_725 }),
    anAlert({ ...clock, alert_id: "b", reason: "clock_jumped_back", clock_behind_s: 26 * 31_536_000 }),
  ]);
  expect(await screen.findByText("Satellite: On-board clock jumped ahead (1 h 2 m)")).toBeVisible();
  expect(screen.getByText("Satellite: On-board clock jumped back (26 y)")).toBeVisible();
});

test("a heading sorts, and the order is in the address", async () => {
  const { router } = show([first, second]);
  await userEvent.click(await screen.findByRole("button", { name: /Peak score/ }));
  expect(router.state.location.search).toEqual({ sort: "-peak" });
  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows[1]).toHaveTextContent("SAT-002");
});

test("arrow keys lead from alert to alert and Enter opens one", async () => {
  const { router } = show([first, second]);
  const links = await screen.findAllByRole("link", { name: "Anomaly" });
  links[0]?.focus();
  await userEvent.keyboard("{ArrowDown}");
  expect(links[1]).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  expect(router.state.location.pathname).toBe("/alerts/b");
});

test("a filter without alerts says so", async () => {
  show([]);
  expect(await screen.findByRole("heading", { name: "No alerts" })).toBeVisible();
});

test("filters that are cleared leave the address, the order and the range stay", async () => {
  const { router } = show([first], "/alerts?state=cleared&kind=limit&satellite=SAT-001&range=1h&sort=peak");
  await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
  expect(router.state.location.search).toEqual({ range: "1h", sort: "peak" });
});
