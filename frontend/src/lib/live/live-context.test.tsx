import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LiveConnection } from "@/lib/live/live";
import { LiveProvider, useRefreshOn } from "@/lib/live/live-context";

const never: typeof fetch = () => new Promise(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A line of alarms whose events the test sends. */
function alarmLine() {
  let sent: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (sent = controller) });
  const event = new TextEncoder().encode("event: alarm\ndata: {}\n\n");
  return {
    alarms: new LiveConnection("/alarms", () => Promise.resolve(new Response(body))),
    tell: () => sent?.enqueue(event),
  };
}

/** Returns how often a query is asked within a minute in which news come every 50 ms, by what an answer takes. */
async function askedInAMinute(answerMs: number, everyMs: number): Promise<number> {
  const { alarms, tell } = alarmLine();
  const client = new QueryClient();
  const answer = vi.fn(() => new Promise((resolve) => setTimeout(() => resolve(null), answerMs)));
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <LiveProvider verdicts={new LiveConnection("/verdicts", never)} alarms={alarms}>
        {children}
      </LiveProvider>
    </QueryClientProvider>
  );
  const { unmount } = renderHook(
    () => {
      useQuery({ queryKey: ["news"], queryFn: answer });
      useRefreshOn("alarm", ["news"], everyMs);
    },
    { wrapper },
  );
  for (let ms = 0; ms < 60_000; ms += 50) {
    await act(async () => {
      tell();
      await vi.advanceTimersByTimeAsync(50);
    });
  }
  unmount();
  return answer.mock.calls.length;
}

test("steady news are asked for at the pace that a view wants", async () => {
  expect(await askedInAMinute(10, 1000)).toBeCloseTo(60, -1);
  expect(await askedInAMinute(10, 100)).toBeGreaterThan(350);
});

test("a server that is slow to answer is asked for two thirds of the time", async () => {
  const asked = await askedInAMinute(1000, 100);
  expect(asked).toBeGreaterThan(35);
  expect(asked).toBeLessThanOrEqual(40 + 2); // the view's first question and the first news know no pace yet
});
