import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { Role } from "@/api/session";
import { RoleButton } from "@/components/controls/role-button";
import { operatorName } from "@/lib/operator-name";
import { createQueryClient } from "@/lib/query";

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

/** A button of each role, before a server that answers so. */
function show(answer: () => Promise<Response>) {
  vi.stubGlobal("fetch", answer);
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={createQueryClient()}>
        <RoleButton needs="viewer">read</RoleButton>
        <RoleButton needs="operator">act</RoleButton>
        <RoleButton needs="engineer">change</RoleButton>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

const session = (role: Role) => () => Promise.resolve(Response.json({ key_name: "Kim Minji", role }));
const disabled = () =>
  screen
    .getAllByRole("button")
    .filter((button) => button.hasAttribute("disabled"))
    .map(({ textContent }) => textContent);

test.each([
  ["viewer", ["act", "change"]],
  ["operator", ["change"]],
  ["engineer", []],
] as const)("a key of a %s leaves disabled: %s", async (role, expected) => {
  show(session(role));
  await vi.waitFor(() => expect(operatorName()).toBe("Kim Minji"));
  await vi.waitFor(() => expect(disabled()).toEqual(expected));
});

test("until the server has said what the key is good for, the server decides", () => {
  show(() => new Promise(() => undefined));
  expect(disabled()).toEqual([]);
});

test("an older server, which says nothing of roles, disables nothing", async () => {
  const answer = vi.fn(() => Promise.resolve(Response.json({ detail: "Not Found" }, { status: 404 })));
  show(answer);
  await vi.waitFor(() => expect(answer).toHaveBeenCalled());
  expect(disabled()).toEqual([]);
});
