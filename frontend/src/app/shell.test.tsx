import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";

import { chooseLanguage } from "@/app/i18n";
import { Shell } from "@/app/shell";
import { theme } from "@/app/theme";
import { Page } from "@/components/page";
import { LiveConnection } from "@/lib/live/live";
import { LiveProvider } from "@/lib/live/live-context";
import { createQueryClient } from "@/lib/query";
import { answerWith } from "@/testing/render";

import { version } from "../../package.json";

afterEach(() => {
  vi.unstubAllGlobals();
  chooseLanguage("en");
  localStorage.clear();
  document.documentElement.classList.remove("light-theme");
  document.head.replaceChildren();
});

/** A line whose end the test holds. */
function aLine() {
  let end: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (end = controller) });
  return {
    connection: new LiveConnection("/stream", () => Promise.resolve(new Response(body))),
    write: (text: string) => end?.enqueue(new TextEncoder().encode(text)),
    cut: () => end?.close(),
  };
}

/** The shell over two lines. */
function showShell() {
  const [verdicts, alarms] = [aLine(), aLine()];
  const router = createRouter({
    routeTree: createRootRoute({
      component: Shell,
      notFoundComponent: () => <Page title="Fleet">{null}</Page>,
    }),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  render(
    <MantineProvider theme={theme} env="test" defaultColorScheme="dark">
      <QueryClientProvider client={createQueryClient()}>
        <LiveProvider verdicts={verdicts.connection} alarms={alarms.connection}>
          <RouterProvider router={router as never} />
        </LiveProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  const tick = 'event: tick\ndata: {"generated_at":"2026-03-01T12:00:00Z"}\n\n';
  return {
    tick: () =>
      act(() => {
        verdicts.write(tick);
        alarms.write(tick);
        return Promise.resolve();
      }),
    cutVerdicts: () => act(() => Promise.resolve(verdicts.cut())),
    cutAlarms: () => act(() => Promise.resolve(alarms.cut())),
  };
}

test("the lamp says live once the server is heard, and the clock shows its time in UTC", async () => {
  const server = showShell();
  expect(await screen.findByRole("status")).toHaveTextContent("Connecting");
  await server.tick();
  expect(await screen.findByText("Live")).toBeVisible();
  expect(screen.getByRole("time")).toHaveTextContent("2026-03-01 12:00:00 UTC");
  expect(screen.queryByRole("alert")).toBeNull();
});

test.each(["cutVerdicts", "cutAlarms"] as const)("%s: that says since when values are old", async (cut) => {
  const server = showShell();
  await screen.findByRole("status");
  await server.tick();
  await server[cut]();
  expect(await screen.findByRole("alert")).toHaveTextContent(/^Connection lost since \d\d:\d\d:\d\d UTC/);
  expect(screen.getByRole("status")).toHaveTextContent("Connection lost");
});

test("the language changes at once, for readers too, and is kept", async () => {
  showShell();
  await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Language" }), "ko");
  expect(await screen.findByRole("link", { name: "파이프라인" })).toBeVisible();
  expect(document.documentElement.lang).toBe("ko");
  expect(localStorage.getItem("satellite-telemetry.language")).toBe("ko");
});

test("the documentation opens beside the console, the manual in the language of the reader", async () => {
  showShell();
  const link = await screen.findByRole("link", { name: /^Documentation/ });
  expect(link).toHaveAttribute("href", "/docs/");
  expect(link).toHaveAttribute("target", "_blank");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Language" }), "ko");
  expect(await screen.findByRole("link", { name: /^문서/ })).toHaveAttribute("href", "/docs/manual.ko.html");
});

test("the theme changes at once, and the button then offers the way back", async () => {
  showShell();
  await userEvent.click(await screen.findByRole("button", { name: "Light theme" }));
  expect(document.documentElement).toHaveClass("light-theme");
  expect(screen.getByRole("button", { name: "Dark theme" })).toBeVisible();
});

test("the menu tells the version of the console, which is the platform's", async () => {
  showShell();
  expect(await screen.findByText(`Version ${version}`)).toBeVisible();
});

test.each([
  ["what waits for an acknowledgement, and nothing else", 2, false, "3", "3"],
  ["that there are more than are counted", 9_999, true, "10,000+", "99+"],
] as const)(
  "the menu and the tab's title and icon tell %s",
  async (_, waiting, is_truncated, shown, onIcon) => {
    document.head.innerHTML = '<link rel="icon" href="/favicon.svg">';
    const counts = [
      { state: "unacknowledged", severity: "critical", count: waiting },
      { state: "returned_unacknowledged", severity: "watch", count: 1 },
    ];
    const attention = { count: waiting + 1, is_truncated, counts };
    vi.stubGlobal("fetch", answerWith({ "/api/v1/alarms": { alarms: [], next_cursor: null, attention } }));
    showShell();
    const link = await screen.findByRole("link", { name: /^Alerts ?\(/ });
    expect(link.textContent).toBe(`Alerts (${shown})`);
    expect(document.title).toBe(`(${shown}) Fleet · Satellite telemetry`);
    expect(tabIcon()).toContain(`>${onIcon}</text>`);
  },
);

test("where nothing waits any more the icon is the plain one again", async () => {
  document.head.innerHTML = '<link rel="icon" href="data:,">';
  const attention = { count: 0, is_truncated: false, counts: [] };
  vi.stubGlobal("fetch", answerWith({ "/api/v1/alarms": { alarms: [], next_cursor: null, attention } }));
  showShell();
  await screen.findByRole("link", { name: "Alerts" });
  expect(tabIcon()).toBe("/favicon.svg");
});

function tabIcon(): string {
  return decodeURIComponent(document.querySelector('link[rel="icon"]')?.getAttribute("href") ?? "");
}
