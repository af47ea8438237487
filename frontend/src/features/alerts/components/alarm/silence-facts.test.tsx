import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { useReasonText } from "@/components/reason-text";
import { SilenceFacts } from "@/features/alerts/components/alarm/silence-facts";
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
  renderView(() => <SilenceFacts alarm={alarm} />, { path: "/", at: "/" });
  expect((await screen.findByText("Pass")).nextSibling).toHaveTextContent(/12:58:00.*13:08:00 UTC/);
  expect(screen.getByText("Ground stations").nextSibling).toHaveTextContent("Svalbard, Troll");
});

test("silence without a contact plan tells of no pass", () => {
  const alarm = anAlarm({ kind: "stale", reason: "no_data", events: [{ ...event, details: null }] });
  renderView(() => <SilenceFacts alarm={alarm} />, { path: "/", at: "/" });
  expect(screen.queryByText("Pass")).toBeNull();
});

test("how long a silent channel usually pauses is told", async () => {
  const usual = { ...event, details: { usual_pause_s: 61 } };
  const alarm = anAlarm({ kind: "stale", reason: "gyro_x_no_data", channel: "gyro_x", events: [usual] });
  renderView(() => <SilenceFacts alarm={alarm} />, { path: "/", at: "/" });
  expect((await screen.findByText("Usual pause")).nextSibling).toHaveTextContent("1 m 1 s");
});

function Reason({ name }: { name: string }) {
  return <p>{useReasonText()(name)}</p>;
}

test.each([
  ["no_data", "No data"],
  ["battery_current_no_data", "No data of battery_current"],
  ["a_rule_of_the_mission", "a_rule_of_the_mission"],
])("the reason %s reads %s", async (name, text) => {
  renderView(() => <Reason name={name} />, { path: "/", at: "/" });
  expect(await screen.findByText(text)).toBeVisible();
});
