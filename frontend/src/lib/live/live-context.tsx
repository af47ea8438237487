import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import type { LiveConnection, LiveEventType, LiveState } from "@/lib/live/live";
import { holdWhileSeen, shareLine } from "@/lib/live/shared-line";

/** The lines to the server: verdicts while the tab is seen, alarms always, for all tabs together. */
type Lines = { verdicts: LiveConnection; alarms: LiveConnection };

const Context = createContext<Lines | null>(null);

/** Hands the live lines to the views. */
export function LiveProvider({ verdicts, alarms, children }: Lines & { children: ReactNode }) {
  const lines = useMemo(() => ({ verdicts, alarms }), [verdicts, alarms]);
  useEffect(() => holdWhileSeen(verdicts), [verdicts]);
  useEffect(() => shareLine(alarms, "satellite-telemetry.alarms"), [alarms]);
  useAskAgainAfterLoss(verdicts);
  useAskAgainAfterLoss(alarms);
  return <Context.Provider value={lines}>{children}</Context.Provider>;
}

function useAskAgainAfterLoss(line: LiveConnection): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    let before = line.state;
    return line.onState(() => {
      if (before === "lost" && line.state === "live") void queryClient.invalidateQueries();
      before = line.state;
    });
  }, [line, queryClient]);
}

function useLines(): Lines {
  const lines = useContext(Context);
  if (!lines) throw new Error("a view that shows live data needs a LiveProvider above it");
  return lines;
}

const WORST_FIRST: readonly LiveState[] = ["lost", "connecting", "live"];

/** Whether values on the screen follow the satellite, and alarms what happens to them. */
export function useLiveState(): { state: LiveState; lostAt: number | null } {
  const { verdicts, alarms } = useLines();
  const states = [
    useSyncExternalStore(verdicts.onState, () => verdicts.state),
    useSyncExternalStore(alarms.onState, () => alarms.state),
  ];
  const state = WORST_FIRST.find((name) => states.includes(name)) ?? "live";
  const lost = [verdicts.lostAt, alarms.lostAt].filter((time) => time !== null);
  return { state, lostAt: lost.length > 0 ? Math.min(...lost) : null };
}

/** Returns what tells whether this tab is the one that holds the line of alarms for all tabs. */
export function useHoldsAlarmLine(): () => boolean {
  const { alarms } = useLines();
  return () => alarms.isOpen;
}

/** Calls back with every event of a type while the component is shown. */
export function useLiveEvent(type: LiveEventType, listener: (data: unknown) => void): void {
  const { verdicts, alarms } = useLines();
  const line = type === "alarm" ? alarms : verdicts;
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => line.subscribe(type, (data) => latest.current(data)), [line, type]);
}

const WAIT_MS = 100;
/** A tab that nobody sees keeps its title up to date, and not every second. */
const UNSEEN_MS = 5000;

/** While news come, at most two thirds of the time are spent on asking: a slow server is asked less often. */
const REST_PER_ANSWER = 0.5;

/**
 * Asks again for what a query shows when an event tells of news, at most once in `everyMs`; the last news count. An
 * answer that is under way is waited for: it may be older than the news, and steady news would cancel it for ever.
 */
export function useRefreshOn(type: LiveEventType, queryKey: QueryKey, everyMs = 1000): void {
  const queryClient = useQueryClient();
  const lastMs = useRef(0);
  const tookMs = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    lastMs.current = Date.now();
    return () => clearTimeout(timer.current);
  }, []);
  useLiveEvent(type, () => {
    if (timer.current !== undefined) return;
    const ask = () => {
      if (queryClient.isFetching({ queryKey }) > 0) {
        timer.current = setTimeout(ask, WAIT_MS);
        return;
      }
      timer.current = undefined;
      const askedMs = Date.now();
      lastMs.current = askedMs;
      void queryClient.invalidateQueries({ queryKey }).finally(() => {
        tookMs.current = Date.now() - askedMs;
      });
    };
    const restedMs = Math.max(everyMs, (1 + REST_PER_ANSWER) * tookMs.current);
    const pauseMs = document.hidden ? Math.max(restedMs, UNSEEN_MS) : restedMs;
    timer.current = setTimeout(ask, Math.max(0, lastMs.current + pauseMs - Date.now()));
  });
}

/** The server's time, renewed each second, for clocks and ages; it stands still while the line is lost. */
export function useServerNow(): number {
  const { verdicts } = useLines();
  const [now, setNow] = useState(() => verdicts.serverNow ?? Date.now());
  useLiveEvent("tick", () => setNow(verdicts.serverNow ?? Date.now()));
  return now;
}
