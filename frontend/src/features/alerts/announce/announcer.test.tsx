import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AnnounceMenu } from "@/features/alerts/announce/announce-menu";
import { Announcer } from "@/features/alerts/announce/announcer";
import { keepAnnounceSettings } from "@/features/alerts/announce/settings";
import { LiveConnection } from "@/lib/live/live";
import { renderView } from "@/testing/render";

const beeps = vi.fn<() => void>();
const shown = vi.fn();
const browser = { permission: "granted", asked: "granted", hasBeenActive: true };

class FakeAudioContext {
  currentTime = 0;
  destination = {};
  resume = () => Promise.resolve();
  close = () => Promise.resolve();
  createGain = () => ({ gain: { value: 1 }, connect: vi.fn() });
  createOscillator = () => ({
    frequency: { value: 0 },
    connect: vi.fn(),
    start: (at: number) => {
      if (at < 0.1) beeps();
    },
    stop: vi.fn(),
    addEventListener: (_: string, ended: () => void) => ended(),
  });
}

class FakeNotification {
  static get permission() {
    return browser.permission;
  }
  static requestPermission = () => Promise.resolve((browser.permission = browser.asked));
  close = vi.fn();
  constructor(title: string, { body }: NotificationOptions) {
    shown(title, body);
  }
}

class SilentChannel {
  postMessage() {}
  close() {}
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(browser, { permission: "granted", asked: "granted", hasBeenActive: true });
  vi.stubGlobal("AudioContext", FakeAudioContext);
  vi.stubGlobal("Notification", FakeNotification);
  vi.stubGlobal("BroadcastChannel", SilentChannel);
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({})));
  Object.defineProperty(navigator, "userActivation", { value: browser, configurable: true });
  giveLocks(true);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.clearAllMocks();
  Reflect.deleteProperty(navigator, "locks");
  Reflect.deleteProperty(navigator, "userActivation");
});

/** Locks of which this tab holds the one of the line, or another tab does. */
function giveLocks(isOurs: boolean) {
  const request = (_: string, __: unknown, run: () => Promise<void>) =>
    isOurs ? run() : new Promise<void>(() => undefined);
  Object.defineProperty(navigator, "locks", { value: { request }, configurable: true });
}

const raised = {
  change: "raised",
  satellite_id: "SAT-001",
  subsystem: "eps",
  kind: "limit",
  reason: "low_battery",
  severity: "critical",
  state: "unacknowledged",
};

/** The console with its line of alarms, on which the test writes. */
async function show() {
  let line: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (end) => void (line = end) });
  const alarms = new LiveConnection("/events", () => Promise.resolve(new Response(body)));
  const view = renderView(
    () => (
      <>
        <Announcer />
        <AnnounceMenu />
      </>
    ),
    { path: "/", at: "/", alarms },
  );
  await screen.findByRole("button", { name: "Sound and notifications" });
  const send = async (changes: object = {}) => {
    const heard = new Promise((resolve) => alarms.subscribe("alarm", resolve));
    const data = JSON.stringify({ alarm_id: "a", ...raised, ...changes });
    const write = (text: string) => line?.enqueue(new TextEncoder().encode(text));
    if (alarms.isOpen) write(`event: alarm\ndata: ${data}\n\n`);
    else alarms.hear({ event: "alarm", data });
    await act(async () => {
      await heard;
      await new Promise((settled) => setTimeout(settled)); // A sound begins once the browser has let it.
    });
  };
  return { ...view, send };
}

test("a new alarm is heard and shown where that was chosen, and nothing is by default", async () => {
  const { send } = await show();
  await send();
  expect(beeps).not.toHaveBeenCalled();
  keepAnnounceSettings({ sound: true, notification: true, severity: "critical" });
  await send({ alarm_id: "b" });
  expect(beeps).toHaveBeenCalledOnce();
  expect(shown).toHaveBeenCalledExactlyOnceWith("Critical: new alert", "SAT-001 · Limit breach: Low battery");
});

test("alarms below the chosen severity are not told, nor are those that call nobody", async () => {
  keepAnnounceSettings({ sound: true, notification: true, severity: "distress" });
  const { send } = await show();
  await send({ severity: "warning" });
  await send({ state: "shelved" });
  await send({ change: "returned" });
  expect(beeps).not.toHaveBeenCalled();
  expect(shown).not.toHaveBeenCalled();
});

test("of two tabs only the one with the line tells", async () => {
  keepAnnounceSettings({ sound: true, notification: true, severity: "watch" });
  giveLocks(false);
  const { send } = await show();
  await send();
  expect(beeps).not.toHaveBeenCalled();
  expect(shown).not.toHaveBeenCalled();
});

test("a page that was just loaded says that its sound is blocked, until somebody clicks", async () => {
  keepAnnounceSettings({ sound: true, notification: false, severity: "watch" });
  browser.hasBeenActive = false;
  const { send } = await show();
  expect(screen.getByRole("status")).toHaveTextContent(/blocked by the browser until you click/);
  await send();
  expect(beeps).not.toHaveBeenCalled();
  browser.hasBeenActive = true;
  await userEvent.click(document.body);
  await waitFor(() => expect(screen.queryByRole("status")).toBeNull());
});

test("notifications are off where the browser refuses them; the test button plays the sound", async () => {
  Object.assign(browser, { permission: "default", asked: "denied" });
  await show();
  await userEvent.click(screen.getByRole("button", { name: "Sound and notifications" }));
  const notification = await screen.findByRole("checkbox", { name: /Browser notification/ });
  await userEvent.click(notification);
  expect(await screen.findByText(/blocks notifications/)).toBeVisible();
  expect(notification).not.toBeChecked();
  expect(screen.getByRole("button", { name: "Test" })).toBeDisabled();
  await userEvent.click(screen.getByRole("checkbox", { name: "Sound for new alerts" }));
  await userEvent.click(screen.getByRole("button", { name: "Test" }));
  expect(beeps).toHaveBeenCalledOnce();
  expect(shown).not.toHaveBeenCalled();
});

test("without locks nothing can be chosen, and why is said", async () => {
  Reflect.deleteProperty(navigator, "locks");
  await show();
  await userEvent.click(screen.getByRole("button", { name: "Sound and notifications" }));
  expect(await screen.findByText(/only over HTTPS/)).toBeVisible();
});
