const STORAGE_KEY = "satellite-telemetry.operator";
const KEY_NAME = "satellite-telemetry.key-name";

/** Who acted last in this tab, else whose key it uses, else who acted last in this browser. */
export function operatorName(): string {
  return (
    sessionStorage.getItem(STORAGE_KEY) ??
    sessionStorage.getItem(KEY_NAME) ??
    localStorage.getItem(STORAGE_KEY) ??
    ""
  );
}

/** Keeps the name for the next action. */
export function keepOperatorName(name: string): void {
  sessionStorage.setItem(STORAGE_KEY, name);
  localStorage.setItem(STORAGE_KEY, name);
}

/** Keeps whose key this tab uses. */
export function keepKeyName(name: string): void {
  sessionStorage.setItem(KEY_NAME, name);
}

/** Lets go who acts in this tab: somebody else takes over. */
export function forgetOperatorName(): void {
  sessionStorage.removeItem(STORAGE_KEY);
  sessionStorage.removeItem(KEY_NAME);
}
