import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Schemas } from "@/api/client";
import { AlertsView } from "@/features/alerts/alerts-view";
import { searchSchema } from "@/features/alerts/search";
import { anAlarm, aPage } from "@/features/alerts/testing";
import { answerWith, renderView } from "@/testing/render";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

const first = anAlarm({ alarm_id: "a", satellite_id: "SAT-001" });
const second = anAlarm({ alarm_id: "b", satellite_id: "SAT-002", severity: "watch" });

/** A server with pages for satellites that are heard, and for those that are not. */
function show(page: Schemas["Alarms"], at = "/alerts", silent = aPage([])) {
  const queries: URLSearchParams[] = [];
  const others = answerWith({
    "/api/v1/mission": { subsystems: [{ name: "eps" }] },
    "/api/v1/fleet": { satellites: [{ satellite_id: "SAT-001" }] },
  });
  let now = page;
  vi.stubGlobal("fetch", (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/api/v1/alarms") return others(request);
    queries.push(searchParams);
    return Promise.resolve(Response.json(searchParams.get("heard") === "false" ? silent : now));
  });
  const view = renderView(AlertsView, { path: "/alerts", at, search: searchSchema });
  return { ...view, queries, becomes: (next: Schemas["Alarms"]) => (now = next) };
}

const rows = async () => {
  const table = await screen.findByRole("table", { name: "Alerts" });
  return within(table)
    .getAllByRole("row")
    .slice(1)
    .map(({ textContent }) => textContent);
};

test("without filters what is neither resolved nor suppressed is asked for, the most urgent first, and shown in that order", async () => {
  const { queries } = show(aPage([second, first]));
  const shown = await rows();
  expect(shown[0]).toMatch(/^Watch.*SAT-002/);
  expect(shown[1]).toMatch(/^Critical.*SAT-001/);
  const asked = queries.find((query) => query.get("heard") === "true");
  const wanted = ["unacknowledged", "latched_unacknowledged", "returned_unacknowledged"];
  expect(asked?.getAll("state")).toEqual([...wanted, "acknowledged", "latched_acknowledged"]);
  asked?.delete("state");
  expect(Object.fromEntries(asked ?? [])).toEqual({
    order: "urgency",
    heard: "true",
    limit: "100",
  });
});

test("filters of the address are asked of the server; nonsense in it is not", async () => {
  const { queries } = show(
    aPage([first]),
    "/alerts?state=returned,nonsense&satellite=SAT-001&severity=critical&range=1h&kind=odd&owner=Kim",
  );
  await rows();
  const query = queries[0];
  expect(query?.getAll("state")).toEqual(["returned_unacknowledged"]);
  expect(query?.getAll("severity")).toEqual(["critical", "severe"]);
  expect([query?.get("assigned_to"), query?.get("kind"), query?.get("heard")]).toEqual(["Kim", null, null]);
  expect(Date.now() - Date.parse(query?.get("start_time") ?? "")).toBeLessThan(3_700_000);
});

test("cleared alarms come newest first, as none of them is urgent", async () => {
  const { router, queries } = show(aPage([first]));
  const button = await screen.findByRole("button", { name: "Cleared" });
  await userEvent.click(button);
  expect(router.state.location.search).toEqual({ state: "cleared" });
  expect(button).toHaveAttribute("aria-pressed", "true");
  await waitFor(() => expect(queries.at(-1)?.getAll("state")).toEqual(["normal"]));
  expect(queries.at(-1)?.get("order")).toBeNull();
});

test("a row says what was measured against which limit, how often, since when and who cares", async () => {
  show(aPage([anAlarm({ assigned_to: "Grace", violations: 7, last_at: "2026-11-25T13:05:00Z" })]));
  const [row] = await rows();
  expect(row).toContain("Limit breach: Low battery");
  expect(row).toContain("battery_soc_percent 12.5 < 20");
  expect(row).toMatch(/Unacknowledged ?Say what it wasGrace711-25 13:00:0011-25 13:05:00$/);
});

test("alarms that began together are folded into the most urgent one, and unfold", async () => {
  const group = { group_id: "g", group_size: 4 };
  const page = aPage([
    anAlarm({ ...group, alarm_id: "a", severity: "watch" }),
    anAlarm({ alarm_id: "b", satellite_id: "SAT-002" }),
    anAlarm({ ...group, alarm_id: "c", kind: "anomaly", severity: "distress" }),
    anAlarm({ ...group, alarm_id: "d", kind: "anomaly", severity: "warning" }),
  ]);
  show(page);
  const folded = await rows();
  expect(folded).toHaveLength(2);
  expect(folded[0]).toContain("2 more began togetherLimit breach: Low battery, Anomaly (1 not on this page)");
  const fold = screen.getByRole("button", { name: "2 more began together", expanded: false });
  fold.focus();
  await userEvent.keyboard("{Enter}");
  expect(fold).toHaveAttribute("aria-expanded", "true");
  expect(await rows()).toHaveLength(4);
  expect(
    screen.getAllByRole("link", { name: /Anomaly|Low battery/ }).map((link) => link.getAttribute("href")),
  ).toEqual(["/alerts/c", "/alerts/a", "/alerts/d", "/alerts/b"]);
  await userEvent.click(fold);
  expect(await rows()).toHaveLength(2);
});

test("a chattering alarm says so, how often it came, and those alone are asked for", async () => {
  const { router, queries } = show(
    aPage([anAlarm({ activations: 31, chattering_since: "2026-11-25T13:00:04Z" }), second]),
  );
  const [chattering, steady] = await rows();
  expect(chattering).toContain("chattering, 31 times");
  expect(steady).not.toContain("chattering");
  await userEvent.click(await screen.findByRole("button", { name: "Chattering" }));
  expect(router.state.location.search).toEqual({ chattering: "only" });
  await waitFor(() => expect(queries.at(-1)?.get("chattering")).toBe("true"));
});

test("an alarm of a clock says how far it is ahead or behind", async () => {
  const clock = { subsystem: "satellite", kind: "clock", channel: null, limit: null } as const;
  show(
    aPage([
      anAlarm({ ...clock, alarm_id: "a", reason: "clock_jumped_ahead", value: -3_725 }),
      anAlarm({ ...clock, alarm_id: "b", reason: "clock_jumped_back", value: 26 * 31_536_000 }),
    ]),
  );
  expect(await screen.findByText("On-board clock: Jumped ahead (1 h 2 m)")).toBeVisible();
  expect(screen.getByText("On-board clock: Jumped back (26 y)")).toBeVisible();
});

test("satellites that nobody heard for a day stand below the others", async () => {
  const lost = anAlarm({ alarm_id: "c", satellite_id: "SAT-OLD", severity: "severe" });
  show(aPage([first]), "/alerts", aPage([lost]));
  const apart = await screen.findByRole("table", { name: "Satellites not heard for a day" });
  expect(within(apart).getByRole("link", { name: /SAT-OLD/ })).toBeVisible();
  expect((await rows()).join()).not.toContain("SAT-OLD");
});

test("what waits for acknowledgement is counted on top, whatever the filters show", async () => {
  const page = aPage([]);
  page.attention.counts = [
    { state: "unacknowledged", severity: "watch", count: 2 },
    { state: "latched_unacknowledged", severity: "severe", count: 1 },
  ];
  page.attention.count = 3;
  show(page, "/alerts?kind=rate");
  expect(await screen.findByText("3 awaiting acknowledgement")).toBeVisible();
  expect(await screen.findByRole("heading", { name: "No alerts" })).toBeVisible();
});

test("more than are counted are told as such", async () => {
  const page = aPage([]);
  page.attention.is_truncated = true;
  page.attention.count = 10_000;
  page.attention.counts = [{ state: "unacknowledged", severity: "watch", count: 10_000 }];
  show(page);
  expect(await screen.findByText("10,000+ awaiting acknowledgement")).toBeVisible();
});

test("alarms that the relay does not keep up with are named old, and nothing is called normal", async () => {
  show(aPage([], { anomalies_behind_s: 245 }));
  expect(await screen.findByText(/Anomaly alerts are 4 m 5 s behind/)).toBeVisible();
  expect(screen.queryByText("None awaiting acknowledgement")).toBeNull();
});

test("the next page is asked for where this one ends, and a filter leads back to the first", async () => {
  const { router, queries } = show(aPage([first], { next_cursor: "abc" }));
  await userEvent.click(await screen.findByRole("button", { name: "Next page" }));
  await waitFor(() => expect(queries.at(-1)?.get("cursor")).toBe("abc"));
  await userEvent.selectOptions(screen.getByLabelText("Kind"), "limit");
  expect(router.state.location.search).toEqual({ kind: "limit" });
});

test("what is assigned to me is what is assigned to who acted last in this browser", async () => {
  localStorage.setItem("satellite-telemetry.operator", "Kim");
  const { router } = show(aPage([first]));
  await userEvent.click(await screen.findByRole("button", { name: "Assigned to Kim" }));
  expect(router.state.location.search).toEqual({ owner: "Kim" });
});

test("a burst of events asks once more, not once for each", async () => {
  const { alarms, queries, becomes } = show(aPage([first]), "/alerts?satellite=SAT-001");
  await rows();
  const before = queries.length;
  alarms.stop(); // What follows comes from the line of another tab.
  becomes(aPage([second, first]));
  act(() => {
    for (let number = 0; number < 100; number++) alarms.hear({ event: "alarm", data: "{}" });
  });
  await waitFor(async () => expect(await rows()).toHaveLength(2));
  expect(queries.length - before).toBeLessThanOrEqual(2);
});

test("arrow keys lead from alert to alert and Enter opens one", async () => {
  const { router } = show(aPage([first, second]));
  const links = await screen.findAllByRole("link", { name: /Low battery/ });
  links[0]?.focus();
  await userEvent.keyboard("{ArrowDown}");
  expect(links[1]).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  expect(router.state.location.pathname).toBe("/alerts/b");
});

test("filters that are cleared leave the address, the order and the range stay", async () => {
  const { router } = show(
    aPage([first]),
    "/alerts?state=acknowledged&kind=limit&satellite=SAT-001&range=1h&order=newest&cursor=abc",
  );
  await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
  expect(router.state.location.search).toEqual({ range: "1h", order: "newest" });
});
