"""Search of verdicts: by field, by text, and statistics by model; 503 while the engine is unavailable."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import StringConstraints

from operation_server.http.dependencies import Slot
from operation_server.http.parameters import API_PREFIX, ModelName, Satellite, Time
from operation_server.http.problems import responses
from operation_server.search.schemas import (
    FoundVerdict,
    FoundVerdicts,
    ModelUse,
    ModelUses,
    Reading,
    Readings,
    TextHit,
    TextHits,
)
from operation_server.search.verdict_index import VerdictSearch
from telemetry_core.contract.inferences import JobStatus
from telemetry_core.contract.rules import Name

router = APIRouter(prefix=f"{API_PREFIX}/search", tags=["search"])

VERDICT_INDEX: Final = Slot[VerdictSearch]("verdict_index")

ProvidedIndex = Annotated[VerdictSearch, Depends(VERDICT_INDEX)]

MAX_MODELS: Final = 100

Words = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
OptionalTime = Annotated[Time | None, Query(description="ISO 8601; without zone it is UTC")]


@router.get("", responses=responses(422, 503))
def search_text(index: ProvidedIndex, q: Words, limit: Annotated[int, Query(ge=1, le=1000)] = 20) -> TextHits:
    """Find jobs that hold all words of `q` in id, satellite, subsystem, model, trigger reason or metadata.

    Words are taken as they are: there are no operators.
    """
    answer = index.find(
        {
            "size": limit,
            "query": {"match": {"free_text": {"query": q, "operator": "and"}}},
            "collapse": {"field": "job_id"},
            "aggs": {"jobs": {"cardinality": {"field": "job_id", "precision_threshold": 40_000}}},
        },
    )
    hits = [TextHit(**_named(hit["_source"]), score=hit["_score"]) for hit in answer["hits"]["hits"]]
    return TextHits(hits=hits, total=answer["aggregations"]["jobs"]["value"], took_ms=answer["took"])


@router.get("/inference", responses=responses(422, 503))
def search_inference(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    index: ProvidedIndex,
    model_name: ModelName | None = None,
    status: JobStatus | None = None,
    from_date: OptionalTime = None,
    to_date: OptionalTime = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> FoundVerdicts:
    """Find verdicts by model, state and time of dispatch, newest first."""
    filters = [
        *_terms({"model_name": model_name, "status": status}),
        *_range("created_at", from_date, to_date),
    ]
    found = _newest(index, filters, "created_at", limit)
    return FoundVerdicts(results=[FoundVerdict.model_validate(item) for item in found], count=len(found))


@router.get("/sensor", responses=responses(422, 503))
def search_sensor(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    index: ProvidedIndex,
    sensor_id: Annotated[Name | None, Query(description="Channel")] = None,
    sensor_type: Annotated[Name | None, Query(description="Subsystem")] = None,
    location: Annotated[Satellite | None, Query(description="Satellite")] = None,
    from_time: OptionalTime = None,
    to_time: OptionalTime = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Readings:
    """Find readings that verdicts were made on, newest first, by channel, subsystem, satellite and time.

    These are the samples that were judged; every sample that arrived is found under `/trends/raw`.
    """
    terms = {"input_features": sensor_id, "subsystem": sensor_type, "satellite_id": location}
    filters = [
        *_terms(terms),
        *_range("generated_at", from_time, to_time),
        {"exists": {"field": "generated_at"}},
    ]
    found = _newest(index, filters, "generated_at", limit)
    readings = [reading for item in found for reading in readings_of(item, sensor_id)][:limit]
    return Readings(results=readings, count=len(readings))


@router.get("/analytics/models", responses=responses(503))
def search_model_statistics(index: ProvidedIndex) -> ModelUses:
    """Sum up all verdicts by model."""
    by_model = {
        "terms": {"field": "model_name", "size": MAX_MODELS},
        "aggs": {
            "inference_time_ms": {"avg": {"field": "inference_time_ms"}},
            "statuses": {"terms": {"field": "status"}},
        },
    }
    answer = index.find({"size": 0, "aggs": {"models": by_model}})
    return ModelUses(
        model_statistics=[_model_use(item) for item in answer["aggregations"]["models"]["buckets"]]
    )


def readings_of(document: Mapping[str, Any], sensor_id: str | None) -> Iterator[Reading]:
    """Yield the values of a verdict's newest sample; one channel's where it is named."""
    for channel, value in (document["newest"] or {}).items():
        if value is not None and sensor_id in {None, channel}:
            yield Reading(
                sensor_id=channel,
                sensor_type=document["subsystem"],
                location=document["satellite_id"],
                timestamp=document["generated_at"],
                value=value,
            )


def _model_use(bucket: Mapping[str, Any]) -> ModelUse:
    time_ms = bucket["inference_time_ms"]["value"]
    return ModelUse(
        model_name=bucket["key"],
        total_inferences=bucket["doc_count"],
        avg_inference_time=None if time_ms is None else round(time_ms / 1000, 6),
        status_breakdown={item["key"]: item["doc_count"] for item in bucket["statuses"]["buckets"]},
    )


def _named(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("job_id", "model_name", "metadata")}


def _terms(wanted: Mapping[str, str | None]) -> list[dict[str, Any]]:
    return [{"term": {name: value}} for name, value in wanted.items() if value is not None]


def _range(field: str, start: datetime | None, end: datetime | None) -> list[dict[str, Any]]:
    if start and end and start > end:
        raise HTTPException(422, "the time range must not end before it starts")
    limits = {"gte": start and start.isoformat(), "lte": end and end.isoformat()}
    given = {name: value for name, value in limits.items() if value is not None}
    return [{"range": {field: given}}] if given else []


def _newest(
    index: VerdictSearch, filters: list[dict[str, Any]], field: str, limit: int
) -> list[dict[str, Any]]:
    body = {
        "size": limit,
        "query": {"bool": {"filter": filters}},
        "sort": [{field: "desc"}, {"job_id": "desc"}],
    }
    return [hit["_source"] for hit in index.find(body)["hits"]["hits"]]
