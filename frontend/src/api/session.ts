import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { keepKeyName } from "@/lib/operator-name";

export type Role = Schemas["Session"]["role"];

const ROLES: readonly Role[] = ["viewer", "operator", "engineer"];

/** Who asks and what the key is good for; it stays, as the key does, until the page is loaded anew. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => {
    const session = await unwrap(api.GET("/api/v1/session", { signal }));
    if (session.key_name !== null) keepKeyName(session.key_name);
    return session;
  },
  staleTime: Infinity,
});

export const useSession = () => useQuery(sessionQuery).data;

/** The role of the key where it is not enough; null: it is, or the server has not said yet, which refuses by itself. */
export function useMissingRole(needed: Role): Role | null {
  const role = useSession()?.role;
  return role !== undefined && ROLES.indexOf(role) < ROLES.indexOf(needed) ? role : null;
}
