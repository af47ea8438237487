"""Triton's models, asked over gRPC."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from operation_server.health.probes import PROBE_TIMEOUT_S
from telemetry_core.contract.errors import DependencyUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedModel:
    """A model as Triton's repository index lists it."""

    model_name: str
    version: str
    is_ready: bool
    reason: str = ""
    """Why Triton does not serve it, in its own words."""


def open_channel(address: str) -> Any:
    """Open a channel that retries an unavailable server every second, not after two minutes."""
    options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000)]
    return grpc.insecure_channel(address, options=options)


def models_probe(address: str, wanted: str) -> Callable[[], list[IndexedModel]]:
    """Ask Triton's gRPC which models it has and whether each is ready; the model `wanted` it must have."""
    channel = open_channel(address)
    repository_index = channel.unary_unary("/inference.GRPCInferenceService/RepositoryIndex")

    def ask() -> list[IndexedModel]:
        try:
            return with_missing(indexed_models(repository_index(b"", timeout=PROBE_TIMEOUT_S)), wanted)
        except grpc.RpcError as error:
            detail = error.details() if isinstance(error, grpc.Call) else str(error)
            raise DependencyUnavailable("triton", detail) from error

    return ask


def with_missing(models: list[IndexedModel], wanted: str) -> list[IndexedModel]:
    """Add the model that the mission asks where Triton does not know it."""
    if any(model.model_name == wanted for model in models):
        return models
    reason = "it is not in Triton's model repository"
    return [*models, IndexedModel(model_name=wanted, version="", is_ready=False, reason=reason)]


def not_ready(models: Iterable[IndexedModel]) -> list[str]:
    """Say of each model that Triton does not serve why."""
    return [
        f"model {model.model_name} is not ready: {model.reason or 'see the log of Triton'}"
        for model in models
        if not model.is_ready
    ]


def indexed_models(answer: bytes) -> list[IndexedModel]:
    """Read a RepositoryIndexResponse: its field 1 repeats; name (1), version (2), state (3), reason (4)."""
    models = []
    for _, model in _fields(answer):
        texts = {number: text.decode() for number, text in _fields(model)}
        models.append(
            IndexedModel(
                model_name=texts.get(1, ""),
                version=texts.get(2, ""),
                is_ready=texts.get(3) == "READY",
                reason=" ".join(texts.get(4, "").split()),
            )
        )
    return models


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a message that has none but texts and messages."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        length, place = _varint(message, place)
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while message[place] & 0x80:
        value |= (message[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
    return value | message[place] << shift, place + 1
