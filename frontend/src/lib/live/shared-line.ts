import type { LiveConnection, LiveMessage } from "@/lib/live/live";

/**
 * Lets one tab of the browser hold a line for all of them, as a browser opens few to one host: the tab that was shown
 * last. The others hear through it; when it goes, the next one takes over after the last event that it heard.
 * Where the browser has no locks (plain HTTP to another machine), each tab has a line of its own while it is seen.
 */
export function shareLine(connection: LiveConnection, name: string): () => void {
  return "locks" in navigator ? shareByLock(connection, name) : holdWhileSeen(connection);
}

/** Keeps a line open while somebody sees the tab; returns what ends that. */
export function holdWhileSeen(connection: LiveConnection): () => void {
  const follow = () => (document.hidden ? connection.stop() : connection.start());
  follow();
  document.addEventListener("visibilitychange", follow);
  return () => {
    document.removeEventListener("visibilitychange", follow);
    connection.stop();
  };
}

function shareByLock(connection: LiveConnection, name: string): () => void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<LiveMessage>) => connection.hear(data);
  connection.relayTo((message) => channel.postMessage(message));
  let turn = new AbortController();
  let isOver = false;

  /** Holds the line until another tab takes it; then waits in the queue for the next turn. */
  async function hold(isTaking: boolean): Promise<void> {
    turn.abort();
    const own = (turn = new AbortController());
    try {
      await navigator.locks.request(name, isTaking ? { steal: true } : { signal: own.signal }, () => {
        connection.start();
        return new Promise<void>((resolve) => own.signal.addEventListener("abort", () => resolve()));
      });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
    if (isOver || own !== turn) return;
    connection.stop();
    connection.listen();
    void hold(false);
  }

  const takeOver = () => {
    if (!document.hidden && !connection.isOpen) void hold(true);
  };
  document.addEventListener("visibilitychange", takeOver);
  void hold(!document.hidden);
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", takeOver);
    turn.abort();
    connection.stop();
    connection.relayTo(null);
    channel.close();
  };
}
