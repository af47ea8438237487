import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AlertsView } from "@/features/alerts/alerts-view";
import { searchSchema } from "@/features/alerts/search";
import { anAlarm, aPage } from "@/features/alerts/testing";
import { answerWith, renderView } from "@/testing/render";

beforeEach(() => localStorage.setItem("satellite-telemetry.operator", "Kim"));
afterEach(() => vi.unstubAllGlobals());

const acknowledged = { state: "acknowledged", acknowledged_at: "2026-11-25T13:06:00Z" } as const;
const THREE = [
  anAlarm({ alarm_id: "a", kind: "anomaly" }),
  anAlarm({ alarm_id: "b", kind: "anomaly", satellite_id: "SAT-002" }),
  anAlarm({ alarm_id: "c", kind: "anomaly", satellite_id: "SAT-004", ...acknowledged }),
];

/** The list of alerts, of three with one acknowledged if not given; what was sent. */
function show(outcomes: unknown[], alarms = THREE) {
  const answer = answerWith({
    "/api/v1/mission": { subsystems: [] },
    "/api/v1/fleet": { satellites: [] },
    "/api/v1/alarms": aPage(alarms),
    "/api/v1/alarms/acknowledgements": { outcomes },
  });
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "POST") sent.push(await request.clone().json());
    return answer(request);
  });
  renderView(AlertsView, { path: "/alerts", at: "/alerts?order=newest", search: searchSchema });
  return sent;
}

test("what is selected is acknowledged together, and who was refused is told why", async () => {
  const detail = "it is acknowledged already; last acknowledged by Park";
  const sent = show([
    { alarm_id: "a", result: "acknowledged", detail: null },
    { alarm_id: "b", result: "refused", detail },
  ]);
  await userEvent.click(await screen.findByLabelText(/^Select all 2 shown/));
  await userEvent.type(screen.getByLabelText(/Comment/), "eclipse");
  await userEvent.click(screen.getByRole("button", { name: "Acknowledge 2" }));
  expect(await screen.findByText("1 acknowledged.")).toBeVisible();
  expect(screen.getByRole("alert")).toHaveTextContent(`1 not acknowledgedb: ${detail}`);
  expect(sent).toEqual([{ operator: "Kim", comment: "eclipse", alarm_ids: ["a", "b"] }]);
  expect(screen.queryByRole("button", { name: /^Acknowledge \d/ })).toBeNull();
});

test("alarms that are folded away are acknowledged with the one that stands for them", async () => {
  const group = { kind: "anomaly", group_id: "g", group_size: 3, severity: "watch" } as const;
  const sent = show(
    [{ alarm_id: "a", result: "acknowledged", detail: null }],
    [
      anAlarm({ ...group, alarm_id: "a", severity: "severe" }),
      anAlarm({ ...group, alarm_id: "b" }),
      anAlarm({ ...group, alarm_id: "c", ...acknowledged }),
    ],
  );
  const whole = await screen.findByRole("checkbox", { name: /^Select SAT-003 Anomaly and 2 that began/ });
  await userEvent.click(whole);
  expect(screen.getByRole("button", { name: "Acknowledge 2" })).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "2 more began together" }));
  const [lead] = screen.getAllByRole("checkbox", { name: "Select SAT-003 Anomaly" });
  await userEvent.click(lead ?? document.body);
  await userEvent.type(screen.getByLabelText(/Comment/), "eclipse");
  await userEvent.click(screen.getByRole("button", { name: "Acknowledge 1" }));
  await vi.waitFor(() => expect(sent).toMatchObject([{ alarm_ids: ["b"] }]));
});

test("one alert is selected alone, and one that is acknowledged can't be", async () => {
  const sent = show([{ alarm_id: "b", result: "acknowledged", detail: null }]);
  await userEvent.click(await screen.findByRole("checkbox", { name: "Select SAT-002 Anomaly" }));
  expect(screen.getByRole("checkbox", { name: "Select SAT-004 Anomaly" })).toBeDisabled();
  await userEvent.type(screen.getByLabelText(/Comment/), "eclipse");
  await userEvent.click(screen.getByRole("button", { name: "Acknowledge 1" }));
  expect(await screen.findByText("1 acknowledged.")).toBeVisible();
  expect(sent).toEqual([{ operator: "Kim", comment: "eclipse", alarm_ids: ["b"] }]);
});

test("what was acknowledged is asked for anew in the list of silent satellites, too", async () => {
  let asked = 0;
  const heard = aPage([anAlarm({ alarm_id: "a", kind: "anomaly" })]);
  const silent = aPage([anAlarm({ alarm_id: "b", kind: "anomaly", satellite_id: "SAT-009" })]);
  vi.stubGlobal("fetch", (request: Request) => {
    const isSilent = new URL(request.url).searchParams.get("heard") === "false";
    if (isSilent) asked += 1;
    return answerWith({
      "/api/v1/mission": { subsystems: [] },
      "/api/v1/fleet": { satellites: [] },
      "/api/v1/alarms": isSilent ? silent : heard,
      "/api/v1/alarms/acknowledgements": {
        outcomes: [{ alarm_id: "b", result: "acknowledged", detail: null }],
      },
    })(request);
  });
  renderView(AlertsView, { path: "/alerts", at: "/alerts", search: searchSchema });
  await userEvent.click(await screen.findByRole("checkbox", { name: "Select SAT-009 Anomaly" }));
  await userEvent.type(screen.getByLabelText(/Comment/), "eclipse");
  expect(asked).toBe(1);
  await userEvent.click(screen.getByRole("button", { name: "Acknowledge 1" }));
  await vi.waitFor(() => expect(asked).toBe(2));
});
