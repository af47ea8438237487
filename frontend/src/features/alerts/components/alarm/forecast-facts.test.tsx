import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { ForecastFacts } from "@/features/alerts/components/alarm/forecast-facts";
import { anAlarm } from "@/features/alerts/testing";
import { renderView } from "@/testing/render";

const event = { at: "2026-11-25T13:00:00Z", member_at: null, operator: null, key_name: null, comment: null };
const raised = {
  ...event,
  change: "raised",
  details: {
    limit: 30,
    expected_at: "2026-11-25T13:00:20Z",
    earliest_at: "2026-11-25T13:00:18Z",
    latest_at: "2026-11-25T13:00:23Z",
  },
};
const alarm = anAlarm({ kind: "forecast", reason: "low_battery_forecast", value: 14.2, events: [raised] });

test("a standing forecast tells the time to the limit with its band", async () => {
  renderView(() => <ForecastFacts alarm={alarm} />, { path: "/", at: "/" });
  expect(await screen.findByText("14 s")).toBeVisible();
  expect(screen.getByText("Limit").nextSibling).toHaveTextContent("30");
  expect(screen.getByText("Earliest (90 % band)").nextSibling).toHaveTextContent("13:00:18 UTC");
  expect(screen.queryByText("Broken at")).toBeNull();
});

test("one that is over tells what came", async () => {
  const returned = { ...event, change: "returned", details: { broken_at: "2026-11-25T13:00:22Z" } };
  const over = { ...alarm, returned_at: "2026-11-25T13:00:25Z", events: [returned, raised] };
  renderView(() => <ForecastFacts alarm={over} />, { path: "/", at: "/" });
  expect(await screen.findByText(/2 s later than expected/)).toBeVisible();
  expect(screen.queryByText("Time to limit")).toBeNull();
});
