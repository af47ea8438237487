import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AlertView } from "@/features/alerts/alert-view";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import { aChannel, anAlarm, anAlertDetail } from "@/features/alerts/testing";
import { renderView } from "@/testing/render";

vi.mock("@/components/charts/chart", async (original) => ({
  ...(await original<object>()),
  Chart: ({ label }: { label: string }) => <div role="img" aria-label={label} />,
}));

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

const acknowledgement = { operator: "Park", comment: "seen", acknowledged_at: "2026-11-25T13:06:00Z" };
const acknowledged = anAlertDetail({ state: "acknowledged", acknowledgement, history: [acknowledgement] });

const ofPark = { acknowledged_at: acknowledgement.acknowledged_at, acknowledged_by: "Park" };

/** A server with one alert; an acknowledgement answers as told and changes the alert. */
function show(
  alert: AlertDetail,
  answerOf: () => Response = () => Response.json(anAlarm(ofPark), { status: 201 }),
  after = acknowledged,
  alarm = anAlarm(),
) {
  let now = alert;
  const sent: unknown[] = [];
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname === "/api/v1/mission") return Response.json({ anomaly_threshold: 0.7, subsystems: [] });
    if (pathname === "/api/v1/limits/changes") return Response.json({ changes: [], next_cursor: null });
    if (request.method === "GET" && pathname.startsWith("/api/v1/alarms/")) return Response.json(alarm);
    if (request.method === "GET") return Response.json(now);
    sent.push(await request.json());
    now = after;
    return answerOf();
  });
  return {
    sent,
    asked,
    ...renderView(AlertView, { path: "/alerts/$alertId", at: `/alerts/${alert.alert_id}` }),
  };
}

async function acknowledge() {
  await userEvent.type(await screen.findByLabelText(/Your name/), "Kim");
  await userEvent.type(screen.getByLabelText(/Comment/), "battery heater");
  await userEvent.click(screen.getByRole("button", { name: "Acknowledge" }));
}

test("an alert says which channel made it, by which share, and where its value lies", async () => {
  show(anAlertDetail());
  const why = await screen.findByText("battery_voltage");
  const item = within(why.closest("li") ?? document.body);
  expect(item.getByText("80 %")).toBeVisible();
  expect(item.getByText(/Forecast error 60 %/)).toBeVisible();
  expect(item.getByText(/90 % band 3.7 to 4.1/)).toHaveTextContent("forecast made 2026-11-25 13:00:00 UTC");
  expect(item.getAllByText(/below/)).toHaveLength(2);
  expect(screen.getByText("9f2c1a77be01")).toBeVisible();
  expect(screen.getByRole("link", { name: "Telemetry at that time" })).toHaveAttribute(
    "href",
    expect.stringContaining("/satellites/SAT-003?subsystem=eps&from="),
  );
});

test("an acknowledgement needs a name and a comment, shows at once and remembers the name", async () => {
  const { sent } = show(anAlertDetail());
  expect(await screen.findByRole("button", { name: "Acknowledge" })).toBeDisabled();
  await acknowledge();
  expect(await screen.findByText("Park acknowledged")).toBeVisible();
  expect(sent).toEqual([{ operator: "Kim", comment: "battery heater" }]);
  expect(localStorage.getItem("satellite-telemetry.operator")).toBe("Kim");
});

test("who was slower is told who was faster, and sees that acknowledgement", async () => {
  const detail = "Park acknowledged this alert at 2026-11-25T13:06:00Z";
  show(anAlertDetail(), () => Response.json({ detail }, { status: 409 }));
  await acknowledge();
  expect(await screen.findByRole("alert")).toHaveTextContent(`Someone else acknowledged it first${detail}`);
  expect(await screen.findByText("Park acknowledged")).toBeVisible();
});

test("an acknowledgement that fails says why and keeps what was typed", async () => {
  const detail = "The database is away";
  show(anAlertDetail(), () => Response.json({ detail }, { status: 503 }), anAlertDetail());
  await acknowledge();
  expect(await screen.findByRole("alert")).toHaveTextContent(detail);
  expect(screen.getByLabelText(/Comment/)).toHaveValue("battery heater");
});

test("an address that names another moment of the alert offers the same actions", async () => {
  const alert = anAlertDetail();
  vi.stubGlobal("fetch", (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/v1/mission")
      return Promise.resolve(Response.json({ anomaly_threshold: 0.7, subsystems: [] }));
    if (pathname === `/api/v1/alarms/${alert.alert_id}`) return Promise.resolve(Response.json(anAlarm()));
    if (pathname.startsWith("/api/v1/alarms/"))
      return Promise.resolve(Response.json({ detail: "No such alarm" }, { status: 404 }));
    return Promise.resolve(Response.json(alert));
  });
  const at = "/alerts/eps.anomaly.1764075660000.SAT-003";
  const { router } = renderView(AlertView, { path: "/alerts/$alertId", at });
  expect(await screen.findByLabelText("Action")).toBeEnabled();
  expect(router.state.location.pathname).toBe(`/alerts/${alert.alert_id}`);
});

test("a breach that no job judged says so and has no job", async () => {
  show(
    anAlertDetail({
      kind: "limit",
      reason: "low_battery",
      severity: "critical",
      verdict_count: 0,
      why: null,
      verdicts: [],
    }),
  );
  expect(await screen.findByText(/no job judged it/)).toBeVisible();
  expect(screen.queryByRole("link", { name: /job/i })).toBeNull();
});

test("a rate says what it is, and that no job judges it", async () => {
  const unjudged = { kind: "limit", reason: "fast", verdict_count: 0, why: null, verdicts: [] } as const;
  const rate = anAlarm({ kind: "rate", value: 66, limit: "above 60", worst_value: 70 });
  show(anAlertDetail({ ...unjudged, verdicts: [] }), undefined, acknowledged, rate);
  expect(await screen.findByText("66 > 60")).toBeVisible();
  expect(screen.getByText("Rate of change")).toBeVisible();
  expect(await screen.findByText(/does not judge/)).toBeVisible();
  expect(screen.queryByText(/no job judged it/)).toBeNull();
});

test("value against limit, the time line and the alarms around it stand on the page", async () => {
  const words = { member_at: null, key_name: null, details: null };
  const raised = { ...words, change: "raised", at: "2026-11-25T13:00:01Z", operator: null, comment: null };
  const shelved = {
    ...words,
    change: "shelved",
    at: "2026-11-25T13:07:00Z",
    operator: "Park",
    comment: "heater test",
  };
  const alarm = anAlarm({
    events: [shelved, { ...raised, change: "a_new_kind" }, raised],
    earlier: [{ ...anAlarm({ alarm_id: "before", state: "normal" }), comment: "as last week" }],
    group: [anAlarm({ alarm_id: "beside" })],
    group_size: 2,
    suppressions: [
      {
        kind: "shelved",
        operator: "Park",
        comment: "heater test",
        since: shelved.at,
        until: "2026-11-25T14:07:00Z",
      },
    ],
  });
  show(anAlertDetail(), undefined, undefined, alarm);
  expect(await screen.findByText("12.5 < 20")).toBeVisible();
  expect(screen.getByText("11.25")).toBeVisible();
  const line = screen.getByRole("heading", { name: "Time line" }).closest("section") ?? document.body;
  expect(
    within(line)
      .getAllByRole("listitem")
      .map(({ textContent }) => textContent),
  ).toEqual([
    "2026-11-25 13:07:00 UTC Park shelvedheater test",
    "2026-11-25 13:00:01 UTC Platform a_new_kind",
    "2026-11-25 13:00:01 UTC Platform raised",
  ]);
  const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual(expect.arrayContaining(["/alerts/before", "/alerts/beside"]));
  expect(screen.getByRole("heading", { name: "Began together with it (1)" })).toBeVisible();
  expect(screen.getByText("as last week")).toBeVisible();
});

test("an alarm of the platform itself has its page, without telemetry and without verdicts", async () => {
  const alarm = anAlarm({
    alarm_id: "triton.unavailable.1764075600000.platform",
    satellite_id: "platform",
    subsystem: "triton",
    kind: "platform",
    reason: "unavailable",
    channel: null,
    limit: null,
    value: null,
    worst_value: null,
  });
  const alert = anAlertDetail({ alert_id: alarm.alarm_id });
  const { asked } = show(alert, undefined, undefined, alarm);
  expect(await screen.findByRole("heading", { name: "triton · Platform: Unavailable" })).toBeVisible();
  expect(screen.getByLabelText("Action")).toBeEnabled();
  expect(screen.queryByRole("link", { name: "Telemetry at that time" })).toBeNull();
  expect(asked).not.toContain(`/api/v1/alerts/${alarm.alarm_id}`);
});

test("why says the value at the onset against the limit, not the newest value", async () => {
  const channel = { ...aChannel(), channel: "battery_soc_percent", actual: 19.5 };
  const alert = anAlertDetail();
  show({
    ...alert,
    kind: "limit",
    reason: "low_battery",
    why: alert.why && { ...alert.why, channels: [channel] },
  });
  const why = (await screen.findByRole("heading", { name: "Why" })).closest("section") ?? document.body;
  expect(await within(why).findByText("battery_soc_percent 19.5 < 20")).toBeVisible();
  expect(within(why).getByText(/Verdict at the onset/)).toBeVisible();
});

test("a chattering alarm says since when and how often it came", async () => {
  const alarm = anAlarm({ activations: 31, chattering_since: "2026-11-25T13:00:04Z" });
  show(anAlertDetail(), undefined, undefined, alarm);
  const fact = await screen.findByText("Chattering");
  expect(fact.closest("div")).toHaveTextContent("31 times, since 2026-11-25 13:00:04");
});
