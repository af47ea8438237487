const STORAGE_KEY = "satellite-telemetry.api-key";

/** The key of this browser tab, where the platform asks for one. */
export function apiKey(): string | null {
  return sessionStorage.getItem(STORAGE_KEY);
}

/** Keeps a key until the tab is closed. */
export function keepApiKey(key: string): void {
  sessionStorage.setItem(STORAGE_KEY, key);
}

/** Lets the key of this tab go, so that the platform asks for another one. */
export function forgetApiKey(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}

/** Headers that let a request through. */
export function apiKeyHeaders(): Record<string, string> {
  const key = apiKey();
  return key ? { "X-API-Key": key } : {};
}
