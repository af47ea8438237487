import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AlertsView } from "@/features/alerts/alerts-view";
import { ActionPanel } from "@/features/alerts/components/alarm/action-panel";
import { searchSchema } from "@/features/alerts/search";
import { anAlarm, aPage } from "@/features/alerts/testing";
import { answerWith, renderView } from "@/testing/render";

beforeEach(() => localStorage.setItem("satellite-telemetry.operator", "Kim"));
afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});

const alarm = anAlarm();
const said = { ...alarm, feedback: "false_alarm" as const };

/** A server that keeps what is said, or answers something else; what it was told. */
function serve(answer?: Response) {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") {
      sent.push([pathname, await request.json()]);
      return answer ?? Response.json(said, { status: 201 });
    }
    const alarms = aPage([sent.length > 0 && !answer ? said : alarm]);
    return answerWith({
      "/api/v1/mission": { subsystems: [] },
      "/api/v1/fleet": { satellites: [] },
      "/api/v1/alarms": alarms,
    })(request);
  });
  return sent;
}

const SHOWN = {
  list: () => renderView(AlertsView, { path: "/alerts", at: "/alerts?order=newest", search: searchSchema }),
  page: () => renderView(() => <ActionPanel alarm={alarm} />, { path: "/", at: "/" }),
};
const FALSE_ALARM = [
  `/api/v1/alarms/${alarm.alarm_id}/feedback`,
  { operator: "Kim", feedback: "false_alarm" },
];

test.each(["list", "page"] as const)("on the %s two clicks say what an alarm was", async (place) => {
  const sent = serve();
  SHOWN[place]();
  await userEvent.click(await screen.findByRole("button", { name: "Say what it was" }));
  await userEvent.click(await screen.findByRole("button", { name: "A false alarm" }));
  await vi.waitFor(() => expect(sent).toEqual([FALSE_ALARM]));
});

test("the list shows what was said, and that word is the chosen one", async () => {
  serve();
  SHOWN.list();
  await userEvent.click(await screen.findByRole("button", { name: "Say what it was" }));
  expect(screen.getByText(/unusual, and as it should be/)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "A false alarm" }));
  await userEvent.click(await screen.findByRole("button", { name: "It was: A false alarm" }));
  expect(await screen.findByRole("button", { name: "A false alarm", pressed: true })).toBeVisible();
  expect(screen.getByRole("button", { name: "Known", pressed: false })).toBeVisible();
});

test("who is new at this browser is asked for a name first, and known from then on", async () => {
  localStorage.clear();
  const sent = serve();
  SHOWN.page();
  await userEvent.click(await screen.findByRole("button", { name: "Say what it was" }));
  expect(await screen.findByRole("button", { name: "A false alarm" })).toBeDisabled();
  await userEvent.type(within(screen.getByRole("dialog")).getByLabelText(/Your name/), " Kim ");
  await userEvent.click(screen.getByRole("button", { name: "A false alarm" }));
  await vi.waitFor(() => expect(sent).toEqual([FALSE_ALARM]));
  expect(localStorage.getItem("satellite-telemetry.operator")).toBe("Kim");
});

test("what was not kept is told beside the alarm", async () => {
  serve(Response.json({ detail: "The database is away" }, { status: 503 }));
  SHOWN.list();
  await userEvent.click(await screen.findByRole("button", { name: "Say what it was" }));
  await userEvent.click(await screen.findByRole("button", { name: "Known" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Not doneThe database is away");
  await userEvent.click(screen.getByRole("button", { name: "Say what it was" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("an alarm that late telemetry withdrew was none", async () => {
  renderView(() => <ActionPanel alarm={{ ...alarm, is_withdrawn: true }} />, { path: "/", at: "/" });
  expect(await screen.findByRole("button", { name: "Add comment" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Say what it was" })).toBeNull();
});
