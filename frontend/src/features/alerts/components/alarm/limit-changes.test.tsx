import { screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { LimitChanges } from "@/features/alerts/components/alarm/limit-changes";
import { anAlarm } from "@/features/alerts/testing";
import { renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const change = {
  subsystem: "eps",
  reason: "low_battery",
  version: 4,
  fields: { below: 12 },
  old: { below: 15 },
  new: { below: 12 },
  operator: "Kim",
  comment: "eclipse season",
  at: "2026-11-25T13:04:00Z",
};

const switched = {
  satellite_id: "SAT-003",
  version: 1,
  old: "default",
  new: "safe_mode",
  operator: "Ada",
  comment: "entered",
  at: "2026-11-25T13:05:00Z",
};

const SETS = [
  { name: "default", rules: [] },
  { name: "safe_mode", rules: [{ subsystem: "eps", reason: "low_battery" }] },
  { name: "eclipse", rules: [{ subsystem: "thermal", reason: "abnormal_temperature" }] },
];

/** The changes of an alarm's limit and of its satellite's set; returns what the server was asked of each. */
function show(alarm: AlarmDetail, changes = [change], switches: (typeof switched)[] = []) {
  const asked: string[] = [];
  const askedSets: string[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/api/v1/limit_sets") return Promise.resolve(Response.json({ sets: SETS }));
    const isOfSets = pathname === "/api/v1/limit_sets/changes";
    (isOfSets ? askedSets : asked).push(search);
    return Promise.resolve(Response.json({ changes: isOfSets ? switches : changes, next_cursor: null }));
  });
  renderView(() => <LimitChanges alarm={alarm} />, { path: "/", at: "/" });
  return Object.assign(asked, { sets: askedSets });
}

test("an alarm says what its limit was and is, since when and by whom", async () => {
  const asked = show(anAlarm());
  const fact = (await screen.findByText("Limit changed since")).nextSibling;
  expect(fact).toHaveTextContent("Below 15 → 12, 2026-11-25 13:04:00 UTC, Kim: eclipse season");
  expect([...asked]).toEqual(["?subsystem=eps&reason=low_battery&since=2026-11-25T13%3A00%3A01Z"]);
});

test("a forecast asks for the limit that it foretells", async () => {
  const asked = show(anAlarm({ kind: "forecast", reason: "low_battery_forecast" }));
  await screen.findByText("Limit changed since");
  expect(asked[0]).toContain("reason=low_battery&");
});

test("a limit that was not changed is not mentioned, and silence has none", async () => {
  const asked = show(anAlarm(), []);
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(screen.queryByText("Limit changed since")).toBeNull();
  expect([...show(anAlarm({ kind: "stale", reason: "no_data" }))]).toEqual([]);
});

test("an alarm says to which limit set its satellite was switched since, among the changes, newest first", async () => {
  const other = { ...switched, version: 2, old: "default", new: "eclipse" };
  const asked = show(anAlarm(), [change], [other, switched]);
  await waitFor(() =>
    expect(screen.getByText("Limit changed since").nextSibling).toHaveTextContent(
      "Limit set default → safe_mode, 2026-11-25 13:05:00 UTC, Ada: enteredBelow 15 → 12",
    ),
  );
  expect(screen.queryByText(/eclipse →|→ eclipse/)).toBeNull();
  expect(asked.sets[0]).toMatch(/^\?satellite_id=SAT-003&since=/);
});
