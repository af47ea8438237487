import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { ActionPanel } from "@/features/alerts/components/alarm/action-panel";
import { TimeLine } from "@/features/alerts/components/alarm/time-line";
import { anAlarm } from "@/features/alerts/testing";
import { renderView } from "@/testing/render";

beforeEach(() => localStorage.setItem("satellite-telemetry.operator", "Kim"));
afterEach(() => vi.unstubAllGlobals());

const alarm = anAlarm({
  acknowledged_at: "2026-11-25T13:06:00Z",
  state: "acknowledged",
  assigned_to: "Park",
});

/** The actions of an alarm, and what the server was asked: method, path behind the alarm, body. */
function show(shown: AlarmDetail, answer: () => Response = () => Response.json(shown)) {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const place = new URL(request.url).pathname.replace(`/api/v1/alarms/${shown.alarm_id}/`, "");
    sent.push([request.method, place, await request.json()]);
    return answer();
  });
  renderView(() => <ActionPanel alarm={shown} />, { path: "/", at: "/" });
  return sent;
}

async function act(action: string, fill: () => Promise<void> = () => Promise.resolve()) {
  await userEvent.selectOptions(await screen.findByLabelText("Action"), action);
  await fill();
  await userEvent.type(screen.getByLabelText(/Comment/), "heater test");
  await userEvent.click(screen.getByRole("button", { name: action }));
}

const words = { operator: "Kim", comment: "heater test" };

test("shelving says for how long, and that it is about all alarms of the reason", async () => {
  const sent = show(alarm);
  await act("Shelve", async () => {
    expect(screen.getByText(/every alert of this satellite, subsystem and reason/)).toBeVisible();
    await userEvent.selectOptions(screen.getByLabelText("Shelve for"), "4 h");
  });
  expect(await screen.findByText("Done.")).toBeVisible();
  expect(sent).toEqual([["POST", "shelves", { ...words, minutes: 240 }]]);
  expect(screen.getByLabelText(/Comment/)).toHaveValue("");
});

test("what was said of an alarm is shown in its time line", async () => {
  const details = { old: { feedback: null }, new: { feedback: "rare_nominal" } };
  const event = { change: "feedback", at: "2026-11-25T13:10:00Z", member_at: null, operator: "Kim" };
  renderView(() => <TimeLine events={[{ ...event, comment: null, details }]} />, { path: "/", at: "/" });
  expect(await screen.findByText(/said what it was: Rare, but nominal/)).toBeVisible();
});

test("who takes over names whom they saw there before; an empty name is nobody", async () => {
  const sent = show(alarm);
  await act("Assign", () => userEvent.clear(screen.getByLabelText("Assign to")));
  expect(await screen.findByText("Done.")).toBeVisible();
  expect(sent).toEqual([["PUT", "assignment", { ...words, assigned_to: null, replaces: "Park" }]]);
});

test.each([
  ["Add comment", alarm, "POST", "comments"],
  ["Take out of service", alarm, "POST", "out_of_service"],
  ["Unshelve", { ...alarm, suppressions: [suppressed("shelved")] }, "DELETE", "shelves"],
  [
    "Return to service",
    { ...alarm, suppressions: [suppressed("out_of_service")] },
    "DELETE",
    "out_of_service",
  ],
  ["Reset", { ...alarm, state: "latched_acknowledged" as const }, "POST", "resets"],
])("%s is asked of the server with name and comment", async (action, shown, method, place) => {
  const sent = show(shown);
  await act(action);
  expect(await screen.findByText("Done.")).toBeVisible();
  expect(sent).toEqual([[method, place, words]]);
});

test("only what the state allows is offered", async () => {
  show(anAlarm());
  const offered = await screen.findByLabelText("Action");
  expect([...offered.children].map(({ textContent }) => textContent)).toEqual([
    "Acknowledge",
    "Add comment",
    "Assign",
    "Shelve",
    "Take out of service",
  ]);
});

test("a refusal says why and who was first, and keeps what was typed", async () => {
  const detail = "it is shelved already: unshelve it first; last shelved by Park at 13:06: heater";
  show(alarm, () => Response.json({ detail }, { status: 409 }));
  await act("Shelve");
  expect(await screen.findByRole("alert")).toHaveTextContent(`Not possible in this state${detail}`);
  expect(screen.getByLabelText(/Comment/)).toHaveValue("heater test");
});

function suppressed(kind: "shelved" | "out_of_service") {
  return { kind, operator: "Park", comment: "test", since: "2026-11-25T13:00:00Z", until: null };
}
