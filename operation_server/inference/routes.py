"""Submitting jobs, asking for their state and result, watching one over a WebSocket."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, HTTPException, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from operation_server.http.dependencies import ProvidedMission, ProvidedPool, Slot
from operation_server.http.keys import OPERATOR
from operation_server.http.live import run_until_first_ends
from operation_server.http.parameters import API_PREFIX, IdempotencyKey, JobId
from operation_server.http.problems import responses
from operation_server.inference.feed import JobFeed, read_states
from operation_server.inference.models import ProvidedRepository, known_models
from operation_server.inference.schemas import SubmitRequest, SubmitResponse
from operation_server.inference.submission import (
    RequestRefused,
    SendTask,
    check_request,
    digest_of,
    plan_submission,
    submit,
    submit_once,
)
from operation_server.jobs.documents import job_document
from operation_server.jobs.schemas import JobResult, JobState
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row

router = APIRouter(prefix=f"{API_PREFIX}/inference", tags=["inference"])

SEND_TASK: Final = Slot[SendTask]("send_task")
JOB_FEED: Final = Slot[JobFeed]("job_feed")


@router.post("/submit", dependencies=[OPERATOR], responses=responses(400, 409, 413, 415, 422, 503))
def submit_inference(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    request: SubmitRequest,
    pool: ProvidedPool,
    mission: ProvidedMission,
    repository: ProvidedRepository,
    send_task: Annotated[SendTask, Depends(SEND_TASK)],
    idempotency_key: IdempotencyKey = None,
) -> SubmitResponse:
    """Submit a series, or the channels of several subsystems, as one job."""
    now = datetime.now(UTC)
    created_at = now.replace(microsecond=math.floor(now.microsecond / 1000) * 1000)
    try:
        models = known_models(repository)
        check_request(request, models=models, mission=mission)
        planned = plan_submission(request, job_id=str(uuid4()), created_at=created_at, mission=mission)
        if idempotency_key is None:
            return SubmitResponse(job_id=submit(pool, send_task, planned))
        job_id = submit_once(
            pool,
            send_task,
            planned,
            key=idempotency_key,
            request_sha256=digest_of(request),
        )
        return SubmitResponse(job_id=job_id)
    except RequestRefused as refusal:
        raise HTTPException(refusal.status, refusal.detail) from refusal


@router.get("/status/{job_id}", responses=responses(404, 422, 503))
def get_inference_status(job_id: JobId, pool: ProvidedPool) -> JobState:
    """Return the state of a job."""
    found = read_states(pool, [job_id])
    if job_id not in found:
        raise HTTPException(404, "Job not found")
    return JobState.model_validate(found[job_id])


@router.get("/result/{job_id}", responses=responses(404, 422, 503))
def get_inference_result(job_id: JobId, pool: ProvidedPool) -> JobResult:
    """Return the result of a job; before it is completed, its state with null predictions."""
    with transaction(pool) as connection:
        found = job_document(connection, job_id)
    if found is None:
        raise HTTPException(404, "Result not found")
    return JobResult.model_validate(found)


@router.websocket("/ws/{job_id}")
async def watch_inference(
    websocket: WebSocket, job_id: str, pool: ProvidedPool, feed: Annotated[JobFeed, Depends(JOB_FEED)]
) -> None:
    """Push every change of a job's state; answer the texts "status" and "result"."""
    await websocket.accept()
    try:
        async with feed.watching(job_id):
            state = await run_in_threadpool(_read_state, pool, job_id)
            if state is None:
                await websocket.send_json({"type": "error", "job_id": job_id, "message": "Job not found"})
                await websocket.close(1008, "Job not found")
                return
            await websocket.send_json(_status_message(state))
            sending = asyncio.Lock()
            await run_until_first_ends(
                _push_changes(websocket, feed, state, sending),
                _answer_texts(websocket, pool, job_id, sending),
            )
    except DependencyUnavailable as error:
        await websocket.send_json({"type": "error", "job_id": job_id, "message": str(error)})
        await websocket.close(1013, "try again later")
    except WebSocketDisconnect:
        return


async def _answer_texts(websocket: WebSocket, pool: Pool, job_id: str, sending: asyncio.Lock) -> None:
    while True:
        text = await websocket.receive_text()
        answer = await run_in_threadpool(_answer, pool, job_id, text)
        async with sending:
            await websocket.send_json(answer)


async def _push_changes(websocket: WebSocket, feed: JobFeed, last: Row, sending: asyncio.Lock) -> None:
    """Push each change; a redrive may complete a failed job, so go on until the client disconnects."""
    while True:
        news = feed.next_news()
        state = feed.states.get(last["job_id"], last)
        if state != last:
            last = state
            async with sending:
                await websocket.send_json(_progress_message(state))
                await websocket.send_json(_status_message(state))
        await feed.wait_for(news)


def _answer(pool: Pool, job_id: str, text: str) -> dict[str, Any]:
    if text == "status":
        state = _read_state(pool, job_id)
        return _missing(job_id) if state is None else _status_message(state)
    if text == "result":
        with transaction(pool) as connection:
            found = job_document(connection, job_id)
        if found is None:
            return _missing(job_id)
        result = JobResult.model_validate(found).model_dump(mode="json")
        return {"type": "result", "job_id": job_id, "result": result}
    return {"type": "error", "job_id": job_id, "message": 'send "status" or "result"'}


def _read_state(pool: Pool, job_id: str) -> Row | None:
    if not job_id.isprintable():
        return None
    return read_states(pool, [job_id]).get(job_id)


def _missing(job_id: str) -> dict[str, Any]:
    return {"type": "error", "job_id": job_id, "message": "Job not found"}


def _status_message(state: Row) -> dict[str, Any]:
    return {"type": "status", **JobState.model_validate(state).model_dump(mode="json")}


def _progress_message(state: Row) -> dict[str, Any]:
    total = max(1, state["total_subsystems"])
    return {
        "type": "progress",
        "job_id": state["job_id"],
        "progress": round(min(1.0, state["finished"] / total), 4),
        "message": f"{state['finished']} of {total} subsystems",
    }
