import createClient from "openapi-fetch";

import type { components, paths } from "@/api/schema";
import { env } from "@/config/env";
import { apiKeyHeaders } from "@/api/api-key";

export type Schemas = components["schemas"];

/** An answer of the API that is not a result: what went wrong, in words for the operator. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterS: number | null;
  /** Wrong fields of the request, by their path in it. */
  readonly fields: readonly Schemas["FieldProblem"][];

  constructor(
    status: number,
    detail: string,
    retryAfterS: number | null = null,
    fields: readonly Schemas["FieldProblem"][] = [],
  ) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.fields = fields;
  }
}

export const api = createClient<paths>({
  baseUrl: env.VITE_API_URL || window.location.origin,
  fetch: (request) => fetch(request),
});

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(apiKeyHeaders())) request.headers.set(name, value);
    return request;
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Returns the data of an answer, or throws `ApiError` with the problem's own words. */
export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The server can't be reached.");
  }
  if (answer.data !== undefined && answer.response.ok) return answer.data;
  const retryAfter = answer.response.headers.get("Retry-After");
  throw new ApiError(
    answer.response.status,
    detailOf(answer.error) ?? `The server answered ${answer.response.status}.`,
    retryAfter === null ? null : Number(retryAfter),
    fieldsOf(answer.error),
  );
}

function detailOf(problem: unknown): string | null {
  if (typeof problem !== "object" || problem === null || !("detail" in problem)) return null;
  return typeof problem.detail === "string" ? problem.detail : null;
}

function fieldsOf(problem: unknown): Schemas["FieldProblem"][] {
  if (typeof problem !== "object" || problem === null || !("errors" in problem)) return [];
  return Array.isArray(problem.errors) ? problem.errors.filter(isFieldProblem) : [];
}

function isFieldProblem(value: unknown): value is Schemas["FieldProblem"] {
  return typeof value === "object" && value !== null && "field" in value && "message" in value;
}
