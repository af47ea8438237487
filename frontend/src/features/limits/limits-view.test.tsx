import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { LimitsView } from "@/features/limits/limits-view";
import { BATTERY, CHANGED, STEP } from "@/features/limits/testing";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

/** The view over a server that has one limit, and takes changes or refuses them. */
function show({ limit = BATTERY, refusal = null as Response | null, unfit = [] as unknown[] } = {}) {
  const sent: Record<string, unknown>[] = [];
  const history = {
    changes: [
      STEP,
      { ...STEP, version: 2, fields: {}, comment: "back again", old: { above: 90 }, new: { above: null } },
    ],
    next_cursor: null,
  };
  const answers = answerWith({
    "/api/v1/limits": { mission: "default", limits: [limit], unfit },
    "/api/v1/limits/changes": history,
    "/api/v1/limit_sets": { mission: "default", sets: [{ name: "default", rules: [] }], satellites: [] },
    "/api/v1/limits/mission.yaml": new Response("name: default\n"),
  });
  vi.stubGlobal("fetch", async (input: Request) => {
    if (input.method !== "PUT") return answers(input);
    sent.push((await input.json()) as Record<string, unknown>);
    return refusal ?? Response.json(CHANGED);
  });
  renderView(LimitsView, { path: "/limits", at: "/limits" });
  return sent;
}

async function openChange() {
  fireEvent.click(await screen.findByRole("button", { name: "Change eps/low_battery" }));
  return within(await screen.findByRole("dialog"));
}

async function fill(dialog: Awaited<ReturnType<typeof openChange>>, below: string) {
  await userEvent.clear(dialog.getByLabelText("Below (%)"));
  if (below) await userEvent.type(dialog.getByLabelText("Below (%)"), below);
  fireEvent.change(dialog.getByLabelText(/Your name/), { target: { value: "Ada" } });
  fireEvent.change(dialog.getByLabelText(/Comment/), { target: { value: "eclipse season" } });
}

test("a limit says what is in force, and what the mission file says where it was changed", async () => {
  show({ limit: CHANGED });
  const row = within(await screen.findByRole("row", { name: /low_battery/ }));
  expect(row.getByText("< 25 %")).toBeVisible();
  expect(row.getByText("Severe")).toBeVisible();
  expect(row.getByText(/Grace, .*\(file: < 30 %\)/)).toBeVisible();
});

test("a change is sent as a whole, with the version that was seen, a name and a reason", async () => {
  const sent = show();
  const dialog = await openChange();
  const save = dialog.getByRole("button", { name: "Change limit" });
  expect(save).toBeDisabled();
  await fill(dialog, "25.5");
  fireEvent.click(save);
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const words = { operator: "Ada", comment: "eclipse season", version: 0 };
  expect(sent).toEqual([{ ...words, values: { ...BATTERY.file, below: 25.5 } }]);
});

test("an emptied bound is none", async () => {
  const sent = show();
  const dialog = await openChange();
  await fill(dialog, "");
  fireEvent.click(dialog.getByRole("button", { name: "Change limit" }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ values: { below: null } });
});

test("back to the mission file is a change with its values", async () => {
  const sent = show({ limit: CHANGED });
  const dialog = await openChange();
  fireEvent.change(dialog.getByLabelText(/Your name/), { target: { value: "Ada" } });
  fireEvent.change(dialog.getByLabelText(/Comment/), { target: { value: "over" } });
  expect(dialog.getByRole("button", { name: "Change limit" })).toBeDisabled();
  fireEvent.click(dialog.getByRole("button", { name: "Mission file's values" }));
  fireEvent.click(dialog.getByRole("button", { name: "Change limit" }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ version: 3, values: BATTERY.file });
});

test("who was slower reads who was first, and keeps what was typed", async () => {
  const detail = "Grace changed this limit at 2026-11-01T12:00:00Z, to version 1";
  show({ refusal: Response.json({ detail }, { status: 409 }) });
  const dialog = await openChange();
  await fill(dialog, "20");
  fireEvent.click(dialog.getByRole("button", { name: "Change limit" }));
  const alert = await dialog.findByRole("alert");
  expect(alert).toHaveTextContent("Another operator was faster");
  expect(alert).toHaveTextContent(detail);
  expect(dialog.getByLabelText("Below (%)")).toHaveValue("20");
});

test("the history tells who changed what and why, and what was put back", async () => {
  show({ limit: CHANGED });
  fireEvent.click(await screen.findByRole("button", { name: "History of eps/low_battery" }));
  const entries = within(await screen.findByRole("list", { name: "Changes, newest first" })).getAllByRole(
    "listitem",
  );
  expect(entries[0]).toHaveTextContent(
    /Version 3 .*Grace: Below 30 → 25, Severity Critical → Severeeclipse season/,
  );
  expect(entries[1]).toHaveTextContent(/Version 2 .*Above 90 → none \(as in the mission file\)back again/);
});

test("a change that no longer fits the mission file is told", async () => {
  const problem = "the mission file has no rule gone of eps";
  const change = { ...CHANGED.change, subsystem: "eps", reason: "gone", problem };
  show({ unfit: [change] });
  expect(await screen.findByRole("alert")).toHaveTextContent(`eps/gone, changed by Grace: ${problem}`);
});

test("the mission file with these limits is a download", async () => {
  const names: string[] = [];
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }),
  );
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  show();
  await screen.findByRole("row", { name: /low_battery/ });
  fireEvent.click(screen.getByRole("button", { name: "Mission file with these limits" }));
  await waitFor(() => expect(names).toEqual(["default.yaml"]));
});
