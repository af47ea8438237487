import { fireEvent, screen, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { Tried } from "@/features/limits/api/limits";
import { LimitsView } from "@/features/limits/limits-view";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const NONE = { count: 0, alarms: [] };
const rate = (count: number) => ({ count, per_day: count / 7, per_operator_hour: count / 168 });
const ANSWER: Tried = {
  start_time: "2026-11-23T12:00:00Z",
  end_time: "2026-11-30T12:00:00Z",
  satellites: [{ satellite_id: "SAT-1", samples: 100, before: 5, after: 2 }],
  before: rate(5),
  after: rate(2),
  acceptable_per_operator_hour: 6,
  appearing: NONE,
  vanishing: { count: 3, alarms: [] },
  missed: {
    count: 1,
    alarms: [
      {
        satellite_id: "SAT-1",
        started_at: "2026-11-24T01:00:00Z",
        returned_at: null,
        worst_value: 0.79,
        alarm_id: "aocs.anomaly.1.SAT-1",
      },
    ],
  },
  feedback: [{ feedback: "true_alarm", count: 4, before: 4, after: 3 }],
};

/** The dialog over a server with one satellite. */
async function open(answer: () => Response) {
  const sent: unknown[] = [];
  const answers = answerWith({
    "/api/v1/limits": { mission: "default", limits: [], unfit: [] },
    "/api/v1/mission": { anomaly_threshold: 0.7, subsystems: [{ name: "eps" }, { name: "aocs" }] },
    "/api/v1/trends/satellites": { satellites: ["SAT-1"] },
  });
  vi.stubGlobal("fetch", async (input: Request) => {
    if (!input.url.endsWith("/what-if/threshold")) return answers(input);
    sent.push(await input.json());
    return answer();
  });
  renderView(LimitsView, { path: "/limits", at: "/limits" });
  const button = await screen.findByRole("button", { name: "Try a threshold …" });
  await vi.waitFor(() => expect(button).toBeEnabled());
  fireEvent.click(button);
  return { dialog: within(await screen.findByRole("dialog")), sent };
}

test("another threshold is tried on stored verdicts, and nothing is changed", async () => {
  const { dialog, sent } = await open(() => Response.json(ANSWER));
  expect(dialog.getByText(/score is above 0.7 is anomalous/)).toBeVisible();
  fireEvent.change(dialog.getByLabelText("Subsystem"), { target: { value: "aocs" } });
  fireEvent.change(dialog.getByLabelText("Threshold"), { target: { value: "0.8" } });
  fireEvent.click(dialog.getByRole("button", { name: "Try on stored verdicts" }));
  const table = within(
    await dialog.findByRole("table", { name: "Anomalies of this subsystem (days: 7, satellites: 1)" }),
  );
  expect(table.getByRole("row", { name: /^Alarms/ })).toHaveTextContent("Alarms52");
  expect(table.getByRole("row", { name: /^Of 4 called true/ })).toHaveTextContent("43");
  const missed = dialog.getByRole("alert");
  expect(missed).toHaveTextContent("1 true alarm would be missed");
  expect(within(missed).getByRole("link", { name: /Alert/ })).toHaveAttribute(
    "href",
    "/alerts/aocs.anomaly.1.SAT-1",
  );
  expect(dialog.getByText("Alarms that would be gone: 3")).toBeVisible();
  expect(sent).toEqual([{ subsystem: "aocs", threshold: 0.8, days: 7, satellites: ["SAT-1"] }]);
  fireEvent.change(dialog.getByLabelText("Threshold"), { target: { value: "0.9" } });
  expect(dialog.getByText(/The values have changed since/)).toBeVisible();
});

test("without verdicts it says so", async () => {
  const { dialog } = await open(() =>
    Response.json({ ...ANSWER, satellites: [{ ...ANSWER.satellites[0], samples: 0 }] }),
  );
  fireEvent.click(dialog.getByRole("button", { name: "Try on stored verdicts" }));
  expect(
    await dialog.findByText("No verdicts on this subsystem are stored of the last 7 days."),
  ).toBeVisible();
});

test("too much is refused with what fits", async () => {
  const detail =
    "7 days of 1 satellites are more than one trial reads (10 s, 5,000,000 verdicts): try 2 days";
  const { dialog } = await open(() => Response.json({ detail }, { status: 422 }));
  fireEvent.click(dialog.getByRole("button", { name: "Try on stored verdicts" }));
  expect(await dialog.findByRole("alert")).toHaveTextContent(detail);
});
