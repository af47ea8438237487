/** Severities of XTCE, from the least on. */
export const SEVERITIES = ["watch", "warning", "distress", "critical", "severe"] as const;
