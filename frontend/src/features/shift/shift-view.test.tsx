import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { searchSchema } from "@/features/shift/search";
import { ShiftView } from "@/features/shift/shift-view";
import { aReport, anEntry, anIndicator } from "@/features/shift/testing";
import { renderView } from "@/testing/render";

beforeEach(() => localStorage.setItem("satellite-telemetry.operator", "Kim"));
afterEach(() => vi.unstubAllGlobals());

/** The view over a report; tells what the server was asked. */
function show(report = aReport(), at = "/shift", refuse?: () => Response) {
  const asked: [string, unknown][] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    if (request.method === "POST") {
      const body: unknown = await request.json();
      asked.push([`POST ${pathname}`, body]);
      return refuse?.() ?? Response.json(anEntry(), { status: 201 });
    }
    asked.push([pathname + search, null]);
    if (/[.](md|pdf)$/.test(pathname)) return new Response("# Hand-over report");
    return Response.json(report);
  });
  renderView(ShiftView, { path: "/shift", at, search: searchSchema });
  return asked;
}

const posts = (asked: [string, unknown][]) => asked.filter(([what]) => what.startsWith("POST"));

test("a quiet shift says so in each list, and since when it is true", async () => {
  show();
  expect(await screen.findByText("Nothing was written in this span.")).toBeVisible();
  expect(screen.getAllByText("None.")).toHaveLength(14);
  expect(screen.getByText("As of")).toHaveTextContent("As of 2026-11-25 14:00:01 UTC");
});

test("the address gives the span; without one the server chooses it", async () => {
  const asked = show(aReport(), "/shift?from=2026-11-25T06:00:00Z&to=2026-11-25T14:00:00Z");
  await screen.findByText("As of");
  expect(asked[0]?.[0]).toBe(
    "/api/v1/shift/report?start_time=2026-11-25T06%3A00%3A00Z&end_time=2026-11-25T14%3A00%3A00Z",
  );
});

test("what is handed over stands where the next shift looks for it", async () => {
  const since = "2026-11-25T13:00:00Z";
  const until = "2026-11-25T15:30:00Z";
  const shelf = { satellite_id: "SAT-001", subsystem: "eps", reason: "low_battery", operator: "Park" };
  show(
    aReport({
      shelved: [{ ...shelf, kind: "shelved", comment: "heater test", since, until }],
      silent: [{ satellite_id: "SAT-002", last_contact: null }],
      not_judged: [{ satellite_id: "SAT-003", subsystem: "comm", reason: "too_few_samples" }],
      indicators: [anIndicator({ name: "flood_share", value: 0.125, target: 0.01, is_met: false })],
    }),
  );
  const shelved = within(await screen.findByRole("table", { name: "Shelved" }));
  expect(shelved.getByText("heater test")).toBeVisible();
  expect(shelved.getByText(/15:30:00/)).toBeVisible();
  expect(within(screen.getByRole("table", { name: "Silent satellites" })).getByText("SAT-002")).toBeVisible();
  expect(
    within(screen.getByRole("table", { name: "Not judged" })).getByText("too_few_samples"),
  ).toBeVisible();
  const row = screen.getByRole("row", { name: /Share of time in a flood/ });
  expect(row).toHaveTextContent("12.5 %1 %Above target");
});

test("contacts and changes of the span are told, whoever made them", async () => {
  const at = "2026-11-25T13:00:00Z";
  const nobody = { satellite_id: null, subsystem: null, version: null, operator: null, comment: null };
  const limit = { ...nobody, at, kind: "limit", subsystem: "eps", name: "low_battery" } as const;
  show(
    aReport({
      contacts: [
        { satellite_id: "SAT-001", started_at: null, ended_at: at },
        { satellite_id: "SAT-001", started_at: at, ended_at: null },
      ],
      changes: [
        { ...limit, version: 3, operator: "Park", comment: "winter", details: { below: 25 } },
        { ...limit, version: 4, operator: "Park", comment: "spring", details: {} },
        {
          ...nobody,
          at,
          kind: "calibration",
          satellite_id: "SAT-001",
          subsystem: "eps",
          name: "active",
          version: 2,
          details: { samples: 2000 },
        },
        { ...nobody, at, kind: "upgrade", name: "0036_more.sql", details: { migrations: 2 } },
      ],
      has_more_contacts: true,
    }),
  );
  const rowsOf = (name: string) =>
    within(screen.getByRole("table", { name }))
      .getAllByRole("row")
      .slice(1)
      .map(({ textContent }) => textContent);
  await screen.findByRole("heading", { name: "Changes (4)" });
  expect(rowsOf("Changes")).toEqual([
    "2026-11-25 13:00:00 UTCLimitPower (EPS) · Low battery · version 3below 25Parkwinter",
    "2026-11-25 13:00:00 UTCLimitPower (EPS) · Low battery · version 4As in the mission fileParkspring",
    "2026-11-25 13:00:00 UTCLearned constantsSAT-001 · Power (EPS) · version 2active, samples 2000––",
    "2026-11-25 13:00:00 UTCRelease0036_more.sqlmigrations 2––",
  ]);
  expect(rowsOf("Contacts of satellites that were silent in between")).toEqual([
    "SAT-001Before2026-11-25 13:00:00 UTC",
    "SAT-0012026-11-25 13:00:00 UTCGoes on",
  ]);
  expect(screen.getByText("There are more than are listed.")).toBeVisible();
});

test("passes are told with what came of them, those to come below what is true now", async () => {
  const pass = { satellite_id: "SAT-001", ground_station: "Svalbard", last_heard: null } as const;
  const heard = {
    ...pass,
    start_time: "2026-11-25T13:00:00Z",
    end_time: "2026-11-25T13:10:00Z",
    outcome: "heard" as const,
    first_heard: "2026-11-25T13:01:30Z",
  };
  const next = {
    ...pass,
    start_time: "2026-11-25T14:35:00Z",
    end_time: "2026-11-25T14:45:00Z",
    outcome: "planned" as const,
    first_heard: null,
  };
  show(
    aReport({
      passes: { passes: [heard], is_truncated: false },
      next_passes: { passes: [next], is_truncated: true },
    }),
  );
  const over = await screen.findByRole("table", { name: "Passes of contact plans" });
  const [, row] = within(over).getAllByRole("row");
  expect(row?.textContent).toContain(
    "SAT-001Svalbard2026-11-25 13:00:00 UTC2026-11-25 13:10:00 UTCHeard2026",
  );
  const [, planned] = within(
    screen.getByRole("table", { name: "Passes that run or come next" }),
  ).getAllByRole("row");
  expect(planned?.textContent).toMatch(/14:45:00 UTCPlanned–$/);
  expect(screen.getByText("There are more than are listed.")).toBeVisible();
});

test("on a phone each row of a list is a card that names its facts", async () => {
  const phone = vi.spyOn(window, "matchMedia");
  const listeners = { addEventListener: vi.fn(), removeEventListener: vi.fn() };
  phone.mockImplementation(
    (media) =>
      ({ matches: media.includes("(max-width: 48em)"), media, ...listeners }) as unknown as MediaQueryList,
  );
  const contact = { satellite_id: "SAT-001", started_at: null, ended_at: "2026-11-25T13:00:00Z" };
  show(aReport({ contacts: [contact] }));
  const name = "Contacts of satellites that were silent in between";
  const cards = within(await screen.findByRole("list", { name }));
  expect(cards.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    "SatelliteSAT-001FromBeforeUntil2026-11-25 13:00:00 UTC",
  ]);
  expect(screen.queryByRole("table")).toBeNull();
  phone.mockRestore();
});

test("an entry is written with name and satellite, and the field is empty again", async () => {
  const asked = show();
  await userEvent.type(await screen.findByLabelText(/^Entry/), "antenna 2 is stuck");
  await userEvent.type(screen.getByLabelText("Satellite"), "SAT-001");
  await userEvent.click(screen.getByRole("button", { name: "Write" }));
  expect(await screen.findByText("Written.")).toBeVisible();
  expect(posts(asked)).toEqual([
    [
      "POST /api/v1/shift/entries",
      {
        operator: "Kim",
        text: "antenna 2 is stuck",
        satellite_id: "SAT-001",
        alarm_id: null,
        corrects: null,
      },
    ],
  ]);
  expect(screen.getByLabelText(/^Entry/)).toHaveValue("");
});

test("a correction names the entry that it takes the place of, and starts with its words", async () => {
  const asked = show(aReport({ entries: [anEntry()] }));
  await userEvent.click(await screen.findByRole("button", { name: "Correct entry 7" }));
  const text = screen.getByLabelText(/^Entry/);
  expect(text).toHaveValue("pass 14:10 lost");
  await userEvent.clear(text);
  await userEvent.type(text, "pass 14:20 lost");
  await userEvent.click(screen.getByRole("button", { name: "Write" }));
  expect(await screen.findByText("Written.")).toBeVisible();
  expect(posts(asked)[0]?.[1]).toMatchObject({ corrects: 7, text: "pass 14:20 lost" });
  expect(screen.getByText("Write into the shift log")).toBeVisible();
});

test("a corrected entry stays, struck through, and can't be corrected again", async () => {
  show(aReport({ entries: [anEntry({ corrected_by: 8 }), anEntry({ id: 8, corrects: 7, text: "14:20" })] }));
  const old = await screen.findByText("pass 14:10 lost");
  expect(old.tagName).toBe("DEL");
  expect(screen.getByText("corrected by no. 8")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Correct entry 7" })).toBeNull();
});

test("a refusal says why and keeps what was typed", async () => {
  const detail = "it is corrected already, by Park at 2026-11-25T13:06:00.000Z: correct entry 9";
  show(aReport({ entries: [anEntry()] }), "/shift", () => Response.json({ detail }, { status: 409 }));
  await userEvent.click(await screen.findByRole("button", { name: "Correct entry 7" }));
  await userEvent.click(screen.getByRole("button", { name: "Write" }));
  expect(await screen.findByRole("alert")).toHaveTextContent(detail);
  expect(screen.getByLabelText(/^Entry/)).toHaveValue("pass 14:10 lost");
});

test("what operators wrote is text, never markup", async () => {
  show(aReport({ entries: [anEntry({ text: "<img src=x onerror=alert(1)>" })] }));
  expect(await screen.findByText("<img src=x onerror=alert(1)>")).toBeVisible();
  expect(document.querySelector("img")).toBeNull();
});

test("the report is printed, and saved as PDF and as Markdown of the same span", async () => {
  const print = vi.fn();
  vi.stubGlobal("print", print);
  const createObjectURL = vi.fn<(content: Blob) => string>(() => "blob:x");
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL, revokeObjectURL: vi.fn() }));
  const asked = show(aReport(), "/shift?from=2026-11-25T06:00:00Z");
  await userEvent.click(await screen.findByRole("button", { name: "Print" }));
  expect(print).toHaveBeenCalledOnce();
  for (const [name, form] of [
    ["Save as PDF", "pdf"],
    ["Save as Markdown", "md"],
  ] as const) {
    await userEvent.click(screen.getByRole("button", { name }));
    await vi.waitFor(() =>
      expect(asked.at(-1)?.[0]).toBe(`/api/v1/shift/report.${form}?start_time=2026-11-25T06%3A00%3A00Z`),
    );
  }
  await vi.waitFor(() => expect(createObjectURL).toHaveBeenCalledTimes(2));
  expect(createObjectURL.mock.calls.map(([{ type, size }]) => [type, size])).toEqual([
    ["application/pdf", 18],
    ["text/markdown;charset=utf-8", 18],
  ]);
});
