import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LiveConnection, SILENCE_MS, type LiveMessage } from "@/lib/live/live";
import { shareLine } from "@/lib/live/shared-line";

/** The locks of one browser, as far as the console uses them; jsdom has none. */
function fakeLocks() {
  type Holder = { run: () => Promise<void>; settle: (error?: Error) => void };
  let held: Holder | null = null;
  const queue: Holder[] = [];
  const grant = (holder: Holder) => {
    held = holder;
    void holder.run().then(() => {
      if (held !== holder) return;
      holder.settle();
      held = null;
      const next = queue.shift();
      if (next) grant(next);
    });
  };
  const aborted = () => new DOMException("gone", "AbortError");
  const request = (_: string, { steal, signal }: LockOptions, run: () => Promise<void>) =>
    new Promise<void>((resolve, reject) => {
      const holder = { run, settle: (error?: Error) => (error ? reject(error) : resolve()) };
      const before = held;
      if (before && !steal) queue.push(holder);
      else {
        if (before) before.settle(aborted());
        grant(holder);
      }
      signal?.addEventListener("abort", () => {
        const place = queue.indexOf(holder);
        if (place < 0) return;
        queue.splice(place, 1);
        reject(aborted());
      });
    });
  return { request };
}

/** A channel of one browser: who posts does not hear it. */
class FakeChannel {
  static readonly all = new Set<FakeChannel>();
  onmessage: ((event: { data: LiveMessage }) => void) | null = null;
  constructor() {
    FakeChannel.all.add(this);
  }
  postMessage(data: LiveMessage) {
    for (const other of FakeChannel.all) if (other !== this) other.onmessage?.({ data });
  }
  close() {
    FakeChannel.all.delete(this);
  }
}

let isHidden = false;

beforeEach(() => {
  vi.useFakeTimers();
  isHidden = false;
  FakeChannel.all.clear();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  Object.defineProperty(navigator, "locks", { value: fakeLocks(), configurable: true });
  Object.defineProperty(document, "hidden", { get: () => isHidden, configurable: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  delete (navigator as { locks?: unknown }).locks;
  delete (document as { hidden?: unknown }).hidden;
});

/** A tab with what it hears; the test writes on its line. */
function openTab() {
  const requests: (string | undefined)[] = [];
  let line: ReadableStreamDefaultController<Uint8Array> | undefined;
  const connection = new LiveConnection("/events", (_, init) => {
    requests.push((init?.headers as Record<string, string>)["Last-Event-ID"]);
    const body = new ReadableStream<Uint8Array>({ start: (end) => void (line = end) });
    init?.signal?.addEventListener("abort", () => line?.error(new DOMException("aborted", "AbortError")));
    return Promise.resolve(new Response(body));
  });
  const heard: unknown[] = [];
  connection.subscribe("alarm", (data) => heard.push(data));
  const close = shareLine(connection, "alarms");
  const send = (id: string) =>
    line?.enqueue(new TextEncoder().encode(`id: ${id}\nevent: alarm\ndata: "${id}"\n\n`));
  return { connection, requests, heard, close, send, cut: () => line?.close() };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

test("one tab holds the line, the one that was shown last, and all tabs hear it", async () => {
  const [first, second] = [openTab(), openTab()];
  await settle();
  expect([first.connection.isOpen, second.connection.isOpen]).toEqual([false, true]);
  second.send("7-1");
  await settle();
  expect([first.heard, second.heard]).toEqual([["7-1"], ["7-1"]]);
  expect([first.connection.state, second.connection.state]).toEqual(["live", "live"]);
});

test("when the tab with the line goes, another goes on behind the last event", async () => {
  const [first, second] = [openTab(), openTab()];
  await settle();
  second.send("7-1");
  await settle();
  second.close();
  await settle();
  expect(first.requests.at(-1)).toBe("7-1");
  first.send("7-2");
  await settle();
  expect(first.heard).toEqual(["7-1", "7-2"]);
});

test("a tab that is shown again takes the line, however often tabs are changed", async () => {
  const [first, second] = [openTab(), openTab()];
  await settle();
  for (let turn = 0; turn < 5; turn++) {
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
  }
  expect([first, second].filter(({ connection }) => connection.isOpen)).toHaveLength(1);
});

test("a tab that is hidden from the start waits for its turn", async () => {
  const first = openTab();
  await settle();
  isHidden = true;
  const second = openTab();
  await settle();
  expect([first.connection.isOpen, second.connection.isOpen]).toEqual([true, false]);
  first.close();
  await settle();
  expect(second.connection.isOpen).toBe(true);
});

test("a lost line, or one that falls silent, is lost for every tab", async () => {
  const [first, second] = [openTab(), openTab()];
  await settle();
  second.send("7-1");
  await settle();
  second.cut();
  await settle();
  expect([first.connection.state, second.connection.state]).toEqual(["lost", "lost"]);
  await vi.advanceTimersByTimeAsync(600);
  second.send("7-2");
  await settle();
  expect([first.connection.state, second.connection.state]).toEqual(["live", "live"]);
  await vi.advanceTimersByTimeAsync(SILENCE_MS);
  expect(first.connection.state).toBe("lost");
});

test("without locks a tab has a line of its own while it is seen", async () => {
  delete (navigator as { locks?: unknown }).locks;
  const tab = openTab();
  await settle();
  expect(tab.connection.isOpen).toBe(true);
  isHidden = true;
  document.dispatchEvent(new Event("visibilitychange"));
  expect(tab.connection.isOpen).toBe(false);
  tab.close();
});
