import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import type { ShiftSearch } from "@/features/shift/search";
import { download } from "@/lib/csv";
import { useRefreshOn } from "@/lib/live/live-context";

export type Report = Schemas["HandOver"];
export type Performance = Schemas["Performance"];
export type Entry = Schemas["ShiftEntry"];

const KEY = ["shift"];
const REFRESH_MS = 10_000;

const spanOf = ({ from, to }: ShiftSearch) => ({ start_time: from, end_time: to });

/** What the shift hands over; one that lasts until now is renewed by itself. */
export function useReport(search: ShiftSearch) {
  useRefreshOn("tick", KEY, REFRESH_MS);
  return useQuery({
    queryKey: [...KEY, "report", search],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/shift/report", { params: { query: spanOf(search) }, signal })),
    placeholderData: keepPreviousData,
  });
}

const FILES = {
  md: { path: "/api/v1/shift/report.md", type: "text/markdown;charset=utf-8" },
  pdf: { path: "/api/v1/shift/report.pdf", type: "application/pdf" },
} as const;
export type FileForm = keyof typeof FILES;

/** Saves the report as a file. */
export async function saveReport(search: ShiftSearch, form: FileForm): Promise<void> {
  const { path, type } = FILES[form];
  const content = await unwrap(api.GET(path, { params: { query: spanOf(search) }, parseAs: "blob" }));
  download(`hand-over.${form}`, content, type);
}

/** How much the alarms of a span asked of operators. */
export function usePerformance(search: ShiftSearch) {
  const query = { ...spanOf(search), operators: search.operators };
  return useQuery({
    queryKey: [...KEY, "performance", search],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/shift/performance", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** Writes into the shift log; afterwards the report is read again. */
export function useAddEntry() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewShiftEntry"]) => unwrap(api.POST("/api/v1/shift/entries", { body })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: KEY }),
  });
}
