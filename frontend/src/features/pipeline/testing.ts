import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import type { PartName } from "@/features/pipeline/data/path";

/** A pipeline in which all is well, on the CPU; for tests. */
export function aPipeline(): Pipeline {
  const normal = { state: "normal", detail: "" } as const;
  return {
    generated_at: "2026-03-01T12:00:00Z",
    kafka: {
      ...normal,
      groups: [
        {
          group: "analysis-inference-group",
          topic: "satellite-telemetry",
          lag: 0,
          members: 1,
          state: "normal",
        },
        {
          group: "victoria-consumer-group",
          topic: "satellite-telemetry",
          lag: 3,
          members: 1,
          state: "standby",
        },
      ],
      topics: [{ topic: "satellite-telemetry", partitions: 4, messages: 1428 }],
      dead_letters: 0,
    },
    rabbitmq: {
      ...normal,
      queues: [
        { queue: "inference", ready: 0, unacknowledged: 2, consumers: 1, state: "normal" },
        { queue: "celery", ready: 0, unacknowledged: 0, consumers: 1, state: "normal" },
        { queue: "dead-letters", ready: 0, unacknowledged: 0, consumers: 0, state: "normal" },
      ],
    },
    workers: {
      ...normal,
      workers: [
        { worker: "celery@analysis-worker-1", is_alive: true, active: 1, concurrency: 2, processed: 1234 },
      ],
    },
    triton: {
      ...normal,
      models: [
        {
          model_name: "lstm_timeseries",
          version: "1",
          is_ready: true,
          inferences: 1683,
          failures: 0,
          mean_compute_ms: 9.534,
        },
      ],
    },
    verdicts: {
      ...normal,
      per_minute: 152,
      latency_p50_ms: 59.426,
      latency_p99_ms: 220,
      success_percent: 99.97,
      newest_at: "2026-03-01T11:59:58Z",
      open_jobs: 2,
      oldest_open_s: 0.4,
      restless_judged: 37,
      restless_left_out: 12,
      anomalies_behind_s: 0,
    },
    database: {
      ...normal,
      connections: 10,
      max_connections: 100,
      size_bytes: 14_327_143,
      jobs: 415,
      verdicts: 1630,
      oldest_transaction_s: null,
      free_disk_bytes: 83_000_000_000,
    },
    gpu: { state: "standby", detail: "No GPU metrics", devices: [] },
    victoria_metrics: { ...normal, active_series: 3759, samples_per_s: 852.15 },
    services: { ...normal, services: [{ service: "verdict-relay", is_running: true }] },
    search: { ...normal, documents: 1658, relay_lag: 0 },
    passed_over: { ...normal, items: [] },
    alerts: [],
  };
}

/** The same with one part whose tool does not answer: its numbers are null, its rows are none; for tests. */
export function partsOff(name: PartName): Pipeline {
  const pipeline = aPipeline();
  const part = pipeline[name];
  for (const [key, value] of Object.entries(part))
    Object.assign(part, { [key]: Array.isArray(value) ? [] : null });
  const detail = `${name}: no answer within 2 s: see its log`;
  Object.assign(part, { state: "off", detail });
  pipeline.alerts = [{ part: name, state: "off", message: detail }];
  return pipeline;
}
