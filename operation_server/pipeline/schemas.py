"""The pipeline as clients see it; null means unknown, never zero."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from operation_server.alarms.schemas import AnomaliesBehind
from operation_server.http.responses import Answer, Number, State

Count = int | None


class _Part(Answer):
    state: State
    detail: Annotated[str, Field(description="Why, and what to do; empty when all is well")]


class ConsumerGroup(Answer):
    """A consumer group and how far it is behind."""

    group: str = Field(examples=["analysis-inference-group"])
    topic: str = Field(examples=["satellite-telemetry"])
    lag: Count = Field(description="Messages not yet committed; null before the first commit")
    members: int
    state: State


class Topic(Answer):
    """A topic and the messages that it keeps."""

    topic: str
    partitions: int
    messages: int = Field(description="From the first kept offset to the end")


class KafkaPart(_Part):
    """Kafka's consumer groups and topics."""

    groups: list[ConsumerGroup]
    topics: list[Topic]
    dead_letters: Count = Field(
        description="Open ones of Kafka and RabbitMQ: neither redriven nor discarded; null without PostgreSQL"
    )


class TaskQueue(Answer):
    """A queue of RabbitMQ."""

    queue: str = Field(examples=["inference"])
    ready: int
    unacknowledged: int = Field(description="In a worker's hands")
    consumers: int
    state: State


class RabbitMQPart(_Part):
    """RabbitMQ's queues of tasks."""

    queues: list[TaskQueue]


class Worker(Answer):
    """A worker that answered, or that did within the last five minutes."""

    worker: str = Field(examples=["celery@analysis-worker-1"])
    is_alive: bool
    active: Count = Field(description="Tasks that run")
    concurrency: Count
    processed: Count = Field(description="Tasks since its start")


class WorkersPart(_Part):
    """The Celery workers."""

    workers: list[Worker]


class ServedModel(Answer):
    """A model that Triton serves; its counts begin with Triton's start."""

    model_name: str
    version: str
    is_ready: bool
    inferences: Count
    failures: Count
    mean_compute_ms: Number = Field(description="Of one inference")


class TritonPart(_Part):
    """The model server."""

    models: list[ServedModel]


class VerdictsPart(_Part):
    """What comes out of it, over the last five minutes."""

    per_minute: Number
    latency_p50_ms: Number = Field(description="From reception on Kafka to the committed row")
    latency_p99_ms: Number
    success_percent: Number
    newest_at: datetime | None = Field(description="When the newest verdict was committed")
    open_jobs: Count = Field(description="Jobs not judged yet; counts no further than 10000")
    oldest_open_s: Number = Field(description="Age of the oldest of them")
    restless_judged: Number = Field(description="Sample sets of restless subsystems")
    restless_left_out: Number = Field(description="Those that `added_share` or the draw left out")
    anomalies_behind_s: AnomaliesBehind | None


class DatabasePart(_Part):
    """PostgreSQL."""

    connections: Count
    max_connections: Count
    size_bytes: Count
    jobs: Count = Field(description="Estimate of the planner")
    verdicts: Count = Field(description="Estimate of the planner")
    oldest_transaction_s: Number
    free_disk_bytes: Count = Field(description="On the disk that holds the servers' data")


class Gpu(Answer):
    """A device that Triton runs on."""

    uuid: str
    utilization_percent: Number
    memory_used_bytes: Count
    memory_total_bytes: Count
    power_w: Number


class GpuPart(_Part):
    """The devices that Triton runs on; standby without figures: on the CPU, or under WSL."""

    devices: list[Gpu]


class VictoriaMetricsPart(_Part):
    """VictoriaMetrics itself."""

    active_series: Count
    samples_per_s: Number


class RunningService(Answer):
    """A service that VictoriaMetrics asks for its metrics."""

    service: str = Field(examples=["verdict-relay"])
    is_running: bool = Field(description="It answered when it was last asked")


class ServicesPart(_Part):
    """Services that nothing else asks whether they are there."""

    services: list[RunningService]


class SearchPart(_Part):
    """The search engine and what was not passed on to it yet."""

    documents: Count
    relay_lag: Count = Field(description="Verdicts not yet passed on; counts no further than 10000")


class PassedOver(Answer):
    """Things of one kind that were passed over so that the rest could go on."""

    what: str = Field(examples=["verdicts that search refused"])
    count: int = Field(description="Verdicts: not taken yet; anything else: within the last day")
    newest_at: datetime | None = Field(description="When the newest was; null where only a counter tells")
    reason: str = Field(description="Of the newest, or where the reasons stand")
    state: State


class PassedOverPart(_Part):
    """What was passed over."""

    items: list[PassedOver]


class PipelineAlert(Answer):
    """A part or row that is neither normal nor waiting."""

    part: str = Field(examples=["kafka"])
    state: State
    message: str


class Pipeline(Answer):
    """Every part from Kafka to the search engine."""

    generated_at: datetime
    kafka: KafkaPart
    rabbitmq: RabbitMQPart
    workers: WorkersPart
    triton: TritonPart
    verdicts: VerdictsPart
    database: DatabasePart
    gpu: GpuPart
    victoria_metrics: VictoriaMetricsPart
    services: ServicesPart
    search: SearchPart
    passed_over: PassedOverPart
    alerts: list[PipelineAlert] = Field(description="Worst first")
