import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { PassFacts } from "@/features/alerts/components/alarm/pass-facts";
import { anAlarm } from "@/features/alerts/testing";
import { renderView } from "@/testing/render";

const event = {
  at: "2026-11-25T13:00:00Z",
  member_at: null,
  operator: null,
  key_name: null,
  comment: null,
  change: "raised",
};
const details = {
  pass_start: "2026-11-25T12:58:00+00:00",
  pass_end: "2026-11-25T13:08:00+00:00",
  ground_stations: ["Svalbard", "Troll"],
};

test("the pass in which a satellite was silent is told", async () => {
  const alarm = anAlarm({ kind: "stale", reason: "silent_in_pass", events: [{ ...event, details }] });
  renderView(() => <PassFacts alarm={alarm} />, { path: "/", at: "/" });
  expect((await screen.findByText("Pass")).nextSibling).toHaveTextContent(/12:58:00.*13:08:00 UTC/);
  expect(screen.getByText("Ground stations").nextSibling).toHaveTextContent("Svalbard, Troll");
});

test("silence without a contact plan tells of no pass", () => {
  const alarm = anAlarm({ kind: "stale", reason: "no_data", events: [{ ...event, details: null }] });
  renderView(() => <PassFacts alarm={alarm} />, { path: "/", at: "/" });
  expect(screen.queryByText("Pass")).toBeNull();
});
