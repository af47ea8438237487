const STORAGE_KEY = "satellite-telemetry.operator";

/** Who acted last in this browser. */
export function operatorName(): string {
  return localStorage.getItem(STORAGE_KEY) ?? "";
}

/** Keeps the name for the next action. */
export function keepOperatorName(name: string): void {
  localStorage.setItem(STORAGE_KEY, name);
}
