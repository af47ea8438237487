import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { LimitSets, SatelliteSet } from "@/features/limits/api/limit-sets";
import { SetsPanel } from "@/features/limits/components/sets/sets-panel";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

const BATTERY = { subsystem: "eps", reason: "low_battery", channel: "battery_soc_percent", unit: "%" };
const THRUSTER = { subsystem: "aocs", reason: "thruster_active", channel: "thruster_active", unit: "flag" };
const SETS: LimitSets["sets"] = [
  { name: "default", rules: [] },
  {
    name: "safe_mode",
    rules: [
      { ...BATTERY, fields: { below: 20, severity: "severe" }, switched_off: null },
      { ...THRUSTER, fields: {}, switched_off: "fires by itself" },
    ],
  },
];
const SWITCHED: SatelliteSet = {
  satellite_id: "SAT-7",
  limit_set: "safe_mode",
  version: 3,
  operator: "Grace",
  comment: "entered at 11:58",
  at: "2026-11-01T12:00:00Z",
  problem: null,
};

/** The panel over a server that takes switches or refuses them; returns what was sent where. */
function show({ sets = SETS, satellites = [SWITCHED], refusal = null as Response | null } = {}) {
  const sent: { path: string; body: unknown }[] = [];
  const answers = answerWith({
    "/api/v1/limit_sets": { mission: "default", sets, satellites },
    "/api/v1/trends/satellites": { satellites: ["SAT-1", "SAT-7"] },
  });
  vi.stubGlobal("fetch", async (input: Request) => {
    if (input.method !== "PUT") return answers(input);
    sent.push({ path: new URL(input.url).pathname, body: await input.json() });
    return refusal ?? Response.json(SWITCHED);
  });
  renderView(SetsPanel, { path: "/limits", at: "/limits" });
  return sent;
}

async function open(name: string) {
  fireEvent.click(await screen.findByRole("button", { name }));
  return within(await screen.findByRole("dialog"));
}

function fill(dialog: Awaited<ReturnType<typeof open>>, limitSet: string) {
  fireEvent.change(dialog.getByLabelText("Limit set"), { target: { value: limitSet } });
  fireEvent.change(dialog.getByLabelText(/Your name/), { target: { value: "Ada" } });
  fireEvent.change(dialog.getByLabelText(/Comment/), { target: { value: "it is over" } });
  fireEvent.click(dialog.getByRole("button", { name: "Switch limit set" }));
}

test("sets tell what they replace and what they switch off, satellites which they use and why", async () => {
  show();
  const row = await screen.findByRole("row", { name: /^safe_mode/ });
  expect(row).toHaveTextContent("eps/low_battery: Below 20, Severity Severe");
  expect(row).toHaveTextContent("aocs/thruster_active: switched off: fires by itself");
  expect(screen.getByRole("row", { name: /^default/ })).toHaveTextContent("Nothing: the limits above hold");
  const satellite = screen.getByRole("row", { name: /^SAT-7/ });
  expect(satellite).toHaveTextContent(/safe_mode.*Grace.*entered at 11:58/);
});

test("a switch is sent with the version that was seen, a name and a reason", async () => {
  const sent = show();
  const dialog = await open("Switch the limit set of SAT-7");
  const save = dialog.getByRole("button", { name: "Switch limit set" });
  expect(save).toBeDisabled();
  fill(dialog, "default");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const body = { operator: "Ada", comment: "it is over", version: 3, limit_set: "default" };
  expect(sent).toEqual([{ path: "/api/v1/limit_sets/SAT-7", body }]);
});

test("a satellite that was never switched is named, and begins at version 0", async () => {
  const sent = show();
  const dialog = await open("Switch a satellite's limit set");
  fireEvent.change(dialog.getByLabelText(/Satellite/), { target: { value: " SAT-1 " } });
  fill(dialog, "safe_mode");
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ path: "/api/v1/limit_sets/SAT-1", body: { version: 0 } });
});

test("the set that is used is no switch", async () => {
  const sent = show();
  const dialog = await open("Switch the limit set of SAT-7");
  fill(dialog, "safe_mode");
  expect(dialog.getByRole("button", { name: "Switch limit set" })).toBeDisabled();
  expect(sent).toEqual([]);
});

test("who was slower reads who was first, and keeps what was typed", async () => {
  const detail = "Grace switched SAT-7 to default at 2026-11-01T12:00:00Z, version 4: over";
  show({ refusal: Response.json({ detail }, { status: 409 }) });
  const dialog = await open("Switch the limit set of SAT-7");
  fill(dialog, "default");
  const alert = await dialog.findByRole("alert");
  expect(alert).toHaveTextContent("Another operator was faster");
  expect(alert).toHaveTextContent(detail);
  expect(dialog.getByLabelText(/Comment/)).toHaveValue("it is over");
});

test("a set that the mission file has no more is told", async () => {
  const problem = "the mission file has no limit set launch: switch it to another one";
  show({ satellites: [{ ...SWITCHED, limit_set: "launch", problem }] });
  expect(await screen.findByRole("row", { name: /^SAT-7/ })).toHaveTextContent(`launch (${problem})`);
});

test("a mission without sets has no panel", async () => {
  show({ sets: SETS.slice(0, 1), satellites: [] });
  await waitFor(() => expect(screen.queryByText("Limit sets")).toBeNull());
});
