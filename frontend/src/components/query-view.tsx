import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Failure, Loading } from "@/components/states";

/**
 * The four states of what a query brings: loading, failed, failed with older data (shown below the failure), there.
 */
export function QueryView<T>({
  query,
  children,
  loading,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  loading?: ReactNode;
}) {
  return (
    <>
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data === undefined ? !query.error && (loading ?? <Loading />) : children(query.data)}
    </>
  );
}
