import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import {
  createContext,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import type { LiveConnection, LiveEventType, LiveState } from "@/lib/live/live";

const Context = createContext<LiveConnection | null>(null);

/** Hands the live line to the views; it is open while the tab is visible. */
export function LiveProvider({ connection, children }: { connection: LiveConnection; children: ReactNode }) {
  const queryClient = useQueryClient();
  useEffect(() => {
    const follow = () => (document.hidden ? connection.stop() : connection.start());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      connection.stop();
    };
  }, [connection]);
  useEffect(() => {
    let before = connection.state;
    return connection.onState(() => {
      if (before === "lost" && connection.state === "live") void queryClient.invalidateQueries();
      before = connection.state;
    });
  }, [connection, queryClient]);
  return <Context.Provider value={connection}>{children}</Context.Provider>;
}

function useConnection(): LiveConnection {
  const connection = useContext(Context);
  if (!connection) throw new Error("a view that shows live data needs a LiveProvider above it");
  return connection;
}

/** Whether values on the screen follow the satellite. */
export function useLiveState(): { state: LiveState; lostAt: number | null } {
  const connection = useConnection();
  const state = useSyncExternalStore(connection.onState, () => connection.state);
  return { state, lostAt: connection.lostAt };
}

/** Calls back with every event of a type while the component is shown. */
export function useLiveEvent(type: LiveEventType, listener: (data: unknown) => void): void {
  const connection = useConnection();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => connection.subscribe(type, (data) => latest.current(data)), [connection, type]);
}

/** Asks again for what a query shows when an event tells of news, at most once in `everyMs`; the last news count. */
export function useRefreshOn(type: LiveEventType, queryKey: QueryKey, everyMs = 1000): void {
  const queryClient = useQueryClient();
  const lastMs = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLiveEvent(type, () => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        lastMs.current = Date.now();
        // A slow answer is waited for, or steady news would cancel it for ever; an acknowledgement comes only once.
        void queryClient.invalidateQueries({ queryKey }, { cancelRefetch: type === "acknowledgement" });
      },
      Math.max(0, lastMs.current + everyMs - Date.now()),
    );
  });
}

/** The server's time, renewed each second, for clocks and ages; it stands still while the line is lost. */
export function useServerNow(): number {
  const connection = useConnection();
  const [now, setNow] = useState(() => connection.serverNow ?? Date.now());
  useLiveEvent("tick", () => setNow(connection.serverNow ?? Date.now()));
  return now;
}
