import { createParser } from "eventsource-parser";

import { apiKeyHeaders } from "@/api/api-key";

/** Silence after which a line counts as lost: the server sends a tick each second. */
export const SILENCE_MS = 4_000;
/** After so long without an event the past is read anew by the views' queries, and not replayed event by event. */
export const FORGET_MS = 300_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;

export type LiveState = "connecting" | "live" | "lost";
export type LiveEventType = "verdict" | "acknowledgement" | "alarm" | "tick";
/** What a line brings: one event as it came, or null: the line is lost. */
export type LiveMessage = { id?: string | undefined; event?: string | undefined; data: string } | null;
type Listener = (data: unknown) => void;

/**
 * A live line to the server: server-sent events read with `fetch`, so that a line that was cut goes on
 * after the last event that arrived (`Last-Event-ID`), without a gap and without a repeat.
 */
export class LiveConnection {
  state: LiveState = "connecting";
  /** When the line was lost, in milliseconds since 1970; null while it lives. */
  lostAt: number | null = null;
  /** The server's time at its last tick, in milliseconds since 1970; null before the first. */
  serverNow: number | null = null;
  private lastEventId: string | null = null;
  private heardAt = 0;
  private abort: AbortController | null = null;
  private retryMs = FIRST_RETRY_MS;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Map<LiveEventType, Set<Listener>>();
  private readonly stateListeners = new Set<() => void>();
  private relay: ((message: LiveMessage) => void) | null = null;

  constructor(
    private readonly url: string,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  /** Calls back with every event of a type; returns what ends that. */
  subscribe(type: LiveEventType, listener: Listener): () => void {
    const listeners = this.listeners.get(type) ?? new Set();
    listeners.add(listener);
    this.listeners.set(type, listeners);
    return () => listeners.delete(listener);
  }

  /** Calls back when the state changes; returns what ends that. */
  readonly onState = (listener: () => void): (() => void) => {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  };

  /** Hands on what the own line brings, to tabs that have none; null ends that. */
  relayTo(relay: ((message: LiveMessage) => void) | null): void {
    this.relay = relay;
  }

  /** Takes what the line of another tab brought; while the own line is open that one counts. */
  hear(message: LiveMessage): void {
    if (this.isOpen) return;
    this.listen();
    if (message === null) return this.enter("lost");
    this.enter("live");
    this.take(message);
  }

  /** Waits for what the line of another tab brings; its silence, too, counts as lost. */
  listen(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.enter("lost"), SILENCE_MS);
  }

  /** Whether the line is this tab's own. */
  get isOpen(): boolean {
    return this.abort !== null || this.retryTimer !== undefined;
  }

  /** Opens the line, or opens it again after the last event. */
  start(): void {
    if (this.isOpen) return;
    void this.read();
  }

  /** Closes the line, for a tab that nobody sees: it holds one of the few connections of the browser. */
  stop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.abort?.abort();
    this.abort = null;
  }

  private async read(): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.retryTimer = undefined;
    this.watch(abort);
    try {
      const headers = { Accept: "text/event-stream", ...apiKeyHeaders(), ...this.resumeHeaders() };
      const response = await this.fetcher(this.url, { headers, signal: abort.signal, cache: "no-store" });
      if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
      await this.readBody(response.body, abort);
    } catch {
      // Whatever ended the line, the answer is the same: say that it is lost, and try again.
    }
    if (this.abort === abort) this.lose(abort);
  }

  private async readBody(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const parser = createParser({
      onEvent: (event) => {
        this.take(event);
        this.relay?.({ id: event.id, event: event.event, data: event.data });
      },
    });
    const reader = body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.watch(abort);
      this.retryMs = FIRST_RETRY_MS;
      this.enter("live");
      parser.feed(value);
    }
  }

  private take(event: NonNullable<LiveMessage>): void {
    this.heardAt = Date.now();
    if (event.id) this.lastEventId = event.id;
    const data: unknown = JSON.parse(event.data);
    if (event.event === "tick") this.serverNow = Date.parse((data as { generated_at: string }).generated_at);
    for (const listener of this.listeners.get(event.event as LiveEventType) ?? []) listener(data);
  }

  private resumeHeaders(): Record<string, string> {
    if (Date.now() - this.heardAt > FORGET_MS) this.lastEventId = null;
    return this.lastEventId === null ? {} : { "Last-Event-ID": this.lastEventId };
  }

  private watch(abort: AbortController): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      this.lose(abort);
      abort.abort();
    }, SILENCE_MS);
  }

  private lose(abort: AbortController): void {
    if (this.abort !== abort) return;
    clearTimeout(this.watchdog);
    this.abort = null;
    this.relay?.(null);
    this.enter("lost");
    this.retryTimer = setTimeout(() => void this.read(), this.retryMs);
    this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2);
  }

  private enter(state: LiveState): void {
    if (state === "live") this.lostAt = null;
    else if (state === "lost") this.lostAt ??= Date.now();
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.stateListeners) listener();
  }
}
