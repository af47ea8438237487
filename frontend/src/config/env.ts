import { z } from "zod";

const schema = z.object({
  /** Base of the API; empty = where the console comes from. */
  VITE_API_URL: z.union([z.literal(""), z.url()]).default(""),
  /** Addresses of the other tools; empty = this host with the port of the manual. */
  VITE_KAFKA_UI_URL: z.union([z.literal(""), z.url()]).default(""),
  VITE_RABBITMQ_URL: z.union([z.literal(""), z.url()]).default(""),
  VITE_FLOWER_URL: z.union([z.literal(""), z.url()]).default(""),
});

/** Reads the environment the console was built with; an error lists every key that is wrong. */
export function readEnvironment(values: Record<string, unknown>) {
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The console's environment is not valid:\n${problems.join("\n")}`);
  }
  return parsed.data;
}

export const env = readEnvironment(import.meta.env);
