import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { Retirement } from "@/features/satellite/components/retirement/retirement";
import { answerWith, renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

const retired = { at: "2026-11-25T13:00:00Z", operator: "Ada", comment: "burnt up" };

/** Shows a satellite; returns which requests changed something. */
function show(state: object | null, answer: object) {
  const sent: (readonly [string, string])[] = [];
  const answers = answerWith({
    "/api/v1/fleet/SAT-001/retirement": answer,
    "/api/v1/fleet/SAT-001": { satellite_id: "SAT-001", retired: state },
  });
  vi.stubGlobal("fetch", (request: Request) => {
    if (request.method !== "GET") sent.push([request.method, new URL(request.url).pathname]);
    return answers(request);
  });
  renderView(() => <Retirement satelliteId="SAT-001" />, { path: "/", at: "/" });
  return sent;
}

async function fill(button: string) {
  const name = await screen.findByLabelText(/Your name/);
  await userEvent.clear(name);
  await userEvent.type(name, "Grace");
  expect(screen.getByRole("button", { name: button })).toBeDisabled();
  await userEvent.type(screen.getByLabelText(/Comment/), "gone");
  await userEvent.click(screen.getByRole("button", { name: button }));
}

test("a satellite is retired with a name and a reason", async () => {
  const sent = show(null, { satellite_id: "SAT-001", is_retired: true, changes: [] });
  await userEvent.click(await screen.findByRole("button", { name: "Retire…" }));
  await fill("Retire");
  expect(sent).toEqual([["POST", "/api/v1/fleet/SAT-001/retirement"]]);
});

test("a retired one says by whom and why, and is taken back; who was faster is told", async () => {
  const detail = "it is not retired: taken back by Eve at 2026-11-25T13:05:00.000Z: heard again";
  const sent = show(retired, Response.json({ detail }, { status: 409 }));
  expect(await screen.findByText(/burnt up/)).toHaveTextContent("2026-11-25 13:00:00 UTC Ada: burnt up");
  await userEvent.click(screen.getByRole("button", { name: "Take back…" }));
  await fill("Take back");
  expect(await screen.findByText(detail)).toBeVisible();
  expect(sent).toEqual([["DELETE", "/api/v1/fleet/SAT-001/retirement"]]);
});
