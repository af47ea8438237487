import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FORGET_MS, LiveConnection, SILENCE_MS } from "@/lib/live/live";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server whose lines the test writes and cuts. */
function fakeServer() {
  const requests: Record<string, string>[] = [];
  const lines: ReadableStreamDefaultController<Uint8Array>[] = [];
  const fetcher = vi.fn((_url: unknown, init?: RequestInit) => {
    requests.push(init?.headers as Record<string, string>);
    const body = new ReadableStream<Uint8Array>({ start: (line) => void lines.push(line) });
    init?.signal?.addEventListener("abort", () =>
      lines.at(-1)?.error(new DOMException("aborted", "AbortError")),
    );
    return Promise.resolve(new Response(body));
  });
  const send = (text: string) => lines.at(-1)?.enqueue(new TextEncoder().encode(text));
  return { fetcher: fetcher as unknown as typeof fetch, requests, lines, send };
}

const settle = () => vi.advanceTimersByTimeAsync(1);

test("after a cut the line goes on behind the last event that arrived", async () => {
  const server = fakeServer();
  const connection = new LiveConnection("/stream", server.fetcher);
  const seen: unknown[] = [];
  connection.subscribe("verdict", (data) => seen.push(data));
  connection.start();
  await settle();
  server.send('id: 7-1\nevent: verdict\ndata: {"n":1}\n\n');
  server.send('id: 7-2\nevent: verdict\ndata: {"n":2}\n\nid: 7-3\nevent: ver');
  await settle();
  server.lines.at(-1)?.close();
  await settle();
  expect(connection.state).toBe("lost");
  await vi.advanceTimersByTimeAsync(600);
  expect(server.requests.map((headers) => headers["Last-Event-ID"])).toEqual([undefined, "7-2"]);
  server.send('id: 7-3\nevent: verdict\ndata: {"n":3}\n\n');
  await settle();
  expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(connection.state).toBe("live");
  connection.stop();
});

test("a silent line counts as lost within five seconds and is opened again", async () => {
  const server = fakeServer();
  const connection = new LiveConnection("/stream", server.fetcher);
  connection.start();
  await settle();
  server.send('event: tick\ndata: {"generated_at":"2026-01-01T00:00:00Z"}\n\n');
  await settle();
  expect(connection.state).toBe("live");
  await vi.advanceTimersByTimeAsync(SILENCE_MS);
  expect(connection.state).toBe("lost");
  expect(SILENCE_MS).toBeLessThan(5_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.requests).toHaveLength(2);
  connection.stop();
});

test("a server that refuses is asked again, ever more slowly", async () => {
  const fetcher = vi.fn(() => Promise.reject(new TypeError("refused")));
  const connection = new LiveConnection("/stream", fetcher);
  connection.start();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(connection.state).toBe("lost");
  expect(fetcher.mock.calls.length).toBeGreaterThan(5);
  expect(fetcher.mock.calls.length).toBeLessThan(14);
  connection.stop();
});

test("a hidden tab holds no line", async () => {
  const server = fakeServer();
  const connection = new LiveConnection("/stream", server.fetcher);
  connection.start();
  await settle();
  connection.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.requests).toHaveLength(1);
  connection.start();
  await settle();
  expect(server.requests).toHaveLength(2);
  connection.stop();
});

test("a tab that was hidden for long asks anew instead of replaying hours", async () => {
  const server = fakeServer();
  const connection = new LiveConnection("/stream", server.fetcher);
  connection.start();
  await settle();
  server.send('id: 7-1\nevent: verdict\ndata: {"n":1}\n\n');
  await settle();
  connection.stop();
  await vi.advanceTimersByTimeAsync(FORGET_MS + 1_000);
  connection.start();
  await settle();
  expect(server.requests[1]?.["Last-Event-ID"]).toBeUndefined();
  connection.stop();
});
