import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { Tried } from "@/features/limits/api/limits";
import { LimitsView } from "@/features/limits/limits-view";
import { BATTERY } from "@/features/limits/testing";
import { answerWith, renderView } from "@/testing/render";

vi.mock("@/components/charts/chart", async (original) => ({
  ...(await original<object>()),
  Chart: ({ data, label }: { data: unknown[]; label: string }) => (
    <div role="img" aria-label={label}>
      {JSON.stringify(data)}
    </div>
  ),
}));
afterEach(() => vi.unstubAllGlobals());

const START = "2026-11-23T12:00:00Z";
const alarm = (satellite: string, hour: number, alarmId: string | null = null) => ({
  satellite_id: satellite,
  started_at: `2026-11-24T0${hour}:00:00Z`,
  returned_at: null,
  worst_value: 27.5,
  alarm_id: alarmId,
});
const NONE = { count: 0, alarms: [] };

function part(satellite: string, before: number, after: number, more: Partial<Tried> = {}): Tried {
  const rate = (count: number) => ({ count, per_day: count / 7, per_operator_hour: count / 168 });
  return {
    start_time: START,
    end_time: "2026-11-30T12:00:00Z",
    satellites: [{ satellite_id: satellite, samples: before + after, before, after }],
    before: rate(before),
    after: rate(after),
    acceptable_per_operator_hour: 6,
    appearing: NONE,
    vanishing: NONE,
    missed: NONE,
    feedback: [],
    ...more,
  };
}

type Sent = { satellites: [string]; values: { below: number }; days: number };

/** The dialog over a server with two satellites, each trial answered as a test says. */
async function open(tried: (sent: Sent) => Response | Promise<Response>) {
  const sent: Sent[] = [];
  const puts: Request[] = [];
  const answers = answerWith({
    "/api/v1/limits": { mission: "default", limits: [BATTERY], unfit: [] },
    "/api/v1/trends/satellites": { satellites: ["SAT-1", "SAT-2"] },
    "/api/v1/telemetry/SAT-2": { times: [1, 2], channels: [{ min: [20, 30], max: [25, 40] }] },
  });
  vi.stubGlobal("fetch", async (input: Request) => {
    if (input.method === "PUT") puts.push(input);
    if (!input.url.endsWith("/limits/what-if")) return answers(input);
    const body = (await input.json()) as Sent;
    sent.push(body);
    const gone = new Promise<never>((_, reject) => {
      input.signal.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
    });
    return Promise.race([tried(body), gone]);
  });
  renderView(LimitsView, { path: "/limits", at: "/limits" });
  fireEvent.click(await screen.findByRole("button", { name: "Change eps/low_battery" }));
  const dialog = within(await screen.findByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("Below (%)"), { target: { value: "25" } });
  return { dialog, sent, puts };
}

const begin = ({ dialog }: Awaited<ReturnType<typeof open>>) =>
  fireEvent.click(dialog.getByRole("button", { name: "Try on stored telemetry" }));

test("satellite by satellite the values are tried, and put together", async () => {
  const opened = await open(({ satellites: [satellite] }) =>
    Response.json(
      satellite === "SAT-1"
        ? part("SAT-1", 1, 0, { vanishing: { count: 1, alarms: [alarm("SAT-1", 3)] } })
        : part("SAT-2", 20, 6, {
            vanishing: { count: 14, alarms: [alarm("SAT-2", 1)] },
            missed: { count: 1, alarms: [alarm("SAT-2", 1, "eps.low_battery.1.SAT-2")] },
            feedback: [{ feedback: "true_alarm", count: 3, before: 3, after: 2 }],
          }),
    ),
  );
  begin(opened);
  const table = within(
    await opened.dialog.findByRole("table", { name: "Alarms of this limit (days: 7, satellites: 2)" }),
  );
  const cells = (name: string) =>
    within(table.getByRole("row", { name: new RegExp(name) }))
      .getAllByRole("cell")
      .map((cell) => cell.textContent);
  expect(cells("^Alarms")).toEqual(["21", "6"]);
  expect(cells("^Per day")).toEqual(["3", "0.86"]);
  expect(cells("^Per operator and hour")).toEqual(["0.13", "0.04"]);
  expect(cells("^Of 3 called true")).toEqual(["3", "2"]);
  expect(opened.dialog.getByText(/EEMUA 191: at most 6 an hour/)).toBeVisible();
  const missed = opened.dialog.getByRole("alert");
  expect(missed).toHaveTextContent("1 true alarm would be missed");
  expect(within(missed).getByRole("link", { name: /Alert/ })).toHaveAttribute(
    "href",
    "/alerts/eps.low_battery.1.SAT-2",
  );
  expect(opened.dialog.getByText("Alarms that would be gone: 15")).toBeVisible();
  const chart = await opened.dialog.findByRole("img", { name: /of SAT-2 with both limits/ });
  expect(chart).toHaveTextContent("[[1,2],[20,30],[25,40],[30,30],[25,25]]");
  expect(opened.sent.map(({ satellites, days, values }) => [satellites, days, values.below])).toEqual([
    [["SAT-1"], 7, 25],
    [["SAT-2"], 7, 25],
  ]);
  expect(opened.puts).toEqual([]);
});

test("values that changed since are said to be untried", async () => {
  const opened = await open(({ satellites: [satellite] }) => Response.json(part(satellite, 2, 1)));
  begin(opened);
  await opened.dialog.findByRole("table");
  expect(opened.dialog.queryByText(/The values have changed since/)).toBeNull();
  fireEvent.change(opened.dialog.getByLabelText("Below (%)"), { target: { value: "20" } });
  expect(opened.dialog.getByText(/The values have changed since/)).toBeVisible();
});

test("progress is shown, and cancelling asks for no further satellite", async () => {
  const opened = await open(({ satellites: [satellite] }) =>
    satellite === "SAT-1" ? Response.json(part("SAT-1", 1, 1)) : new Promise<Response>(() => undefined),
  );
  begin(opened);
  expect(await opened.dialog.findByText("1 of 2 satellites are read")).toBeVisible();
  fireEvent.click(opened.dialog.getByRole("button", { name: "Cancel" }));
  await waitFor(() => expect(opened.dialog.queryByRole("status")).toBeNull());
  expect(opened.dialog.queryByRole("alert")).toBeNull();
  expect(opened.dialog.getByRole("button", { name: "Try on stored telemetry" })).toBeEnabled();
});

test("Enter in the days tries the limit and saves nothing", async () => {
  const opened = await open(({ satellites: [satellite] }) => Response.json(part(satellite, 0, 0)));
  fireEvent.change(opened.dialog.getByLabelText(/Your name/), { target: { value: "Ada" } });
  fireEvent.change(opened.dialog.getByLabelText(/Comment/), { target: { value: "why" } });
  const days = opened.dialog.getByLabelText("Last days");
  fireEvent.change(days, { target: { value: "2" } });
  expect(fireEvent.keyDown(days, { key: "Enter" })).toBe(false);
  expect(
    await opened.dialog.findByText(/No telemetry of this channel is stored of the last 2 days/),
  ).toBeVisible();
  expect(opened.puts).toEqual([]);
});

test("too much is refused with what fits", async () => {
  const detail = "7 days of 1 satellites are more than one trial reads (10 s, 5,000,000 samples): try 2 days";
  const opened = await open(() => Response.json({ detail }, { status: 422 }));
  begin(opened);
  expect(await opened.dialog.findByRole("alert")).toHaveTextContent(detail);
});
