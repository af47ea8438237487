import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { DeadLettersView } from "@/features/dead-letters/dead-letters-view";
import { searchSchema } from "@/features/dead-letters/search";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const letter = (id: number) => ({
  id,
  source: "kafka",
  place: "satellite-telemetry",
  partition: 0,
  position: id,
  reason: "time_ahead",
  detail: "too early",
  satellite_id: "SAT-001",
  attempt: 1,
  refused_at: "2026-01-01T00:00:00Z",
  size_bytes: 12,
  is_cut: false,
  state: "open",
  handled_at: null,
  handled_by: null,
  handled_with_key: null,
});

function show(at: string, letters: unknown[], problems: string[] = []) {
  const sent: Record<string, unknown>[] = [];
  const page = { letters, next_cursor: null, counts: [], problems };
  const list = answerWith({ "/api/v1/dead-letters": page });
  vi.stubGlobal("fetch", async (input: Request) => {
    if (input.method !== "POST") return list(input);
    const body = (await input.json()) as Record<string, unknown>;
    sent.push(body);
    const by_reason = [{ source: "kafka", reason: "time_ahead", count: 3 }];
    return Response.json({ ...body, handled: 3, by_reason, left_out: 0, remaining: 0, failed: [] });
  });
  renderView(DeadLettersView, { path: "/dead-letters", at, search: searchSchema });
  return sent;
}

test("an action is counted first and done on demand only, under a name", async () => {
  const sent = show("/dead-letters?reason=time_ahead", [letter(1)]);
  fireEvent.click(await screen.findByRole("button", { name: "Redrive …" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText("Would be redriven: 3")).toBeVisible();
  expect(sent.map(({ dry_run, reason }) => [dry_run, reason])).toEqual([[true, "time_ahead"]]);
  fireEvent.change(dialog.getByLabelText(/Your name/), { target: { value: "Kim" } });
  fireEvent.click(dialog.getByRole("button", { name: "Redrive now" }));
  expect(await dialog.findByText("Redriven: 3")).toBeVisible();
  expect(sent[1]).toMatchObject({ dry_run: false, operator: "Kim", reason: "time_ahead" });
});

test("chosen letters alone are discarded, whatever the filters", async () => {
  const sent = show("/dead-letters?reason=time_ahead", [letter(1), letter(2)]);
  fireEvent.click(await screen.findByRole("checkbox", { name: "Select letter 2" }));
  fireEvent.click(screen.getByRole("button", { name: "Discard …" }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ action: "discard", ids: [2], everything: false });
  expect(sent[0]).not.toHaveProperty("reason");
});

test("without letters it says so, and names the broker that could not be asked", async () => {
  show("/dead-letters", [], ["rabbitmq: connection refused"]);
  expect(await screen.findByText("Every message could be used.")).toBeVisible();
  expect(screen.getByText("rabbitmq: connection refused")).toBeVisible();
});
