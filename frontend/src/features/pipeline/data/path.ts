import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount, sumOf } from "@/features/pipeline/data/figures";

/** The group that reads telemetry for the analysis. */
const TRIGGER_GROUP = "analysis-inference-group";
const DEAD_LETTER_QUEUE = "dead-letters";

export type PartName = Exclude<keyof Pipeline, "generated_at" | "alerts">;
export type StepName = "kafka" | "trigger" | "rabbitmq" | "workers" | "triton" | "database" | "search";
export type Step = {
  name: StepName;
  /** The part whose panel tells more. */
  part: PartName;
  state: Pipeline["kafka"]["state"];
  /** The number that tells most about it; null = unknown. */
  figure: string | null;
};

/** The stations of a message from Kafka to the search engine, each with the number that tells most about it. */
export function stepsOf(pipeline: Pipeline): Step[] {
  const { kafka, rabbitmq, workers, triton, database, search } = pipeline;
  const trigger = kafka.groups.find(({ group }) => group === TRIGGER_GROUP);
  const waiting = rabbitmq.queues.filter(({ queue }) => queue !== DEAD_LETTER_QUEUE);
  const isReady = triton.models.filter((model) => model.is_ready);
  const alive = workers.workers.filter((worker) => worker.is_alive);
  return [
    { name: "kafka", part: "kafka", state: kafka.state, figure: formatCount(kafka.dead_letters) },
    { name: "trigger", part: "kafka", state: trigger?.state ?? "off", figure: formatCount(trigger?.lag) },
    step("rabbitmq", rabbitmq.state, formatCount(sumOf(waiting.map(({ ready }) => ready)))),
    step("workers", workers.state, share(alive.length, workers.workers.length)),
    step("triton", triton.state, share(isReady.length, triton.models.length)),
    step("database", database.state, of(database.connections, database.max_connections)),
    step("search", search.state, formatCount(search.relay_lag)),
  ];
}

function step(name: PartName & StepName, state: Step["state"], figure: string | null): Step {
  return { name, part: name, state, figure };
}

function share(count: number, total: number): string | null {
  return total === 0 ? null : of(count, total);
}

/** `10 / 100`; null unless both are known. */
export function of(count: number | null, total: number | null): string | null {
  const [one, all] = [formatCount(count), formatCount(total)];
  return one === null || all === null ? null : `${one} / ${all}`;
}
