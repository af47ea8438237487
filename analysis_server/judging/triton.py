"""Client of the model server: windows in, forecasts out, every gRPC error turned into one of ours."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from telemetry_core.contract.errors import DependencyUnavailable, ModelContractError, ModelNotServed
from telemetry_core.service.observability import TRITON_SECONDS

DEADLINE_S: Final = 15.0
INDEX_DEADLINE_S: Final = 2.0
MAX_ROWS: Final = 1024
"""Rows of one request: no more than the models' `max_batch_size`."""
OUTPUTS: Final = ("FORECAST_MEAN", "FORECAST_STD", "STEP_MEAN", "STEP_STD")

#: gRPC states that pass by themselves; any other one is a broken contract.
_PASSING_STATES: Final = frozenset(
    {
        "StatusCode.UNAVAILABLE",
        "StatusCode.DEADLINE_EXCEEDED",
        "StatusCode.RESOURCE_EXHAUSTED",
        "StatusCode.CANCELLED",
        "StatusCode.ABORTED",
    }
)
#: Of the python backend, which has no state for it: a model's process was killed, or hangs.
_STUB_UNWELL: Final = re.compile(r"Stub process .* is not healthy")
_NOT_FOUND: Final = "StatusCode.NOT_FOUND"
_UNKNOWN_STATES: Final = frozenset({_NOT_FOUND, "StatusCode.INVALID_ARGUMENT"})
#: Triton's states of a model that serves, or is about to.
_SERVED_STATES: Final = frozenset({"READY", "LOADING"})
SILENT_AFTER_S: Final = 20.0
"""A model that answers nothing for this long, although Triton does and calls it ready, serves no task."""
ASK_AGAIN_S: Final = 10.0
"""A silent model is asked by one task each time; the others of it do not wait for that."""
#: Without these a channel waits up to two minutes before it looks for a restarted server.
_CHANNEL_OPTIONS: Final = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a model says of windows, in telemetry units, float32."""

    #: [row, 64]: the steps beyond the window.
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    #: [row, time]: each step of the window from the steps before it.
    step_mean: NDArray[np.float32]
    step_std: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A model that Triton calls ready has answered nothing since a time; seconds of a monotonic clock."""

    since_s: float
    asked_s: float
    reason: str

    def lasts(self) -> bool:
        """Tell whether it is more than a moment, such as a busy machine's."""
        return self.asked_s - self.since_s >= SILENT_AFTER_S


class TritonClient:
    """One gRPC channel to Triton; thread-safe, not to be shared across a fork."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._silent: dict[tuple[str, str], Silence] = {}
        self._client = triton.InferenceServerClient(url, channel_args=_CHANNEL_OPTIONS)

    def infer(self, model_name: str, model_version: str, windows: NDArray[np.float32]) -> Forecast:
        """Forecast `windows`, float32[row, time] with NaN = missing.

        Raises `DependencyUnavailable` if the server is unavailable, `ModelNotServed` if it answers without
        serving the model, `ModelContractError` where the model answers in another shape.
        """
        silence = self._silent.get((model_name, model_version))
        if silence and silence.lasts() and self._clock() - silence.asked_s < ASK_AGAIN_S:
            raise _not_answering(model_name, model_version, silence)
        parts = [
            self._request(model_name, model_version, windows[start : start + MAX_ROWS])
            for start in range(0, len(windows), MAX_ROWS)
        ]
        self._silent.pop((model_name, model_version), None)
        outputs = [np.concatenate(output) for output in zip(*parts, strict=True)]
        return Forecast(mean=outputs[0], std=outputs[1], step_mean=outputs[2], step_std=outputs[3])

    def _request(
        self, model_name: str, model_version: str, rows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], ...]:
        tensor = triton.InferInput("INPUT", rows.shape, "FP32")
        tensor.set_data_from_numpy(np.ascontiguousarray(rows))
        try:
            with TRITON_SECONDS.time():
                answer = self._client.infer(
                    model_name,
                    [tensor],
                    model_version=model_version,
                    outputs=[triton.InferRequestedOutput(name) for name in OUTPUTS],
                    client_timeout=DEADLINE_S,
                )
        except InferenceServerException as error:
            raise self._explain(error, model_name, model_version) from error
        return tuple(_checked(answer.as_numpy(name), name, rows) for name in OUTPUTS)

    def _explain(self, error: InferenceServerException, model_name: str, model_version: str) -> Exception:
        """Tell an unavailable server from a model that failed to load: one gRPC status, but another index."""
        has_no_answer = error.status() in _PASSING_STATES or _is_stub_unwell(error)
        if has_no_answer or error.status() in _UNKNOWN_STATES:
            try:
                index = self._client.get_model_repository_index(client_timeout=INDEX_DEADLINE_S)
            except InferenceServerException as no_index:
                self._silent.clear()
                # What it said of the model before it went away was said while it stopped.
                return map_triton_error(error if has_no_answer else no_index, model_name, self._url)
            models = [(model.name, model.version, model.state, model.reason) for model in index.models]
            if reason := why_not_served(models, model_name, model_version):
                return ModelNotServed(f"{model_name} version {model_version}", reason)
            if error.status() == _NOT_FOUND:
                return DependencyUnavailable("triton", f"{self._url}: {model_name} was being loaded")
            if (
                has_no_answer
                and (silence := self._remember_silence(error, model_name, model_version)).lasts()
            ):
                return _not_answering(model_name, model_version, silence)
        return map_triton_error(error, model_name, self._url)

    def _remember_silence(
        self, error: InferenceServerException, model_name: str, model_version: str
    ) -> Silence:
        now_s = self._clock()
        before = self._silent.get((model_name, model_version))
        silence = Silence(
            since_s=before.since_s if before else now_s, asked_s=now_s, reason=f"{error.message()}"
        )
        self._silent[(model_name, model_version)] = silence
        return silence


def _not_answering(model_name: str, model_version: str, silence: Silence) -> ModelNotServed:
    reason = f"Triton reports it as ready, but it does not answer: {silence.reason}; restart Triton"
    return ModelNotServed(f"{model_name} version {model_version}", reason)


def why_not_served(
    models: Iterable[tuple[str, str, str, str]], model_name: str, model_version: str
) -> str | None:
    """Look a model up in the index (name, version, state, reason); None = it is served, or soon will be."""
    named = [(version, state, reason) for name, version, state, reason in models if name == model_name]
    if not named:
        return "it is not in Triton's model repository"
    for version, state, reason in named:
        if version in {model_version, ""}:
            told = " ".join(reason.split())  # Triton's reasons have several lines
            return None if state in _SERVED_STATES else told or state.lower() or "it was not loaded"
    return f"Triton has version {', '.join(version for version, _, _ in named)} only"


def map_triton_error(error: InferenceServerException, model_name: str, url: str) -> Exception:
    """Tell an unavailable server from a model that breaks its contract."""
    if error.status() in _PASSING_STATES or _is_stub_unwell(error):
        return DependencyUnavailable("triton", f"{url}: {error.status()}: {error.message()}")
    return ModelContractError(f"model {model_name}: {error.message()}")


def _is_stub_unwell(error: InferenceServerException) -> bool:
    return bool(_STUB_UNWELL.search(error.message() or ""))


def _checked(output: NDArray[np.float32] | None, name: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if output is None or output.ndim != 2 or len(output) != len(rows):
        shape = None if output is None else output.shape
        raise ModelContractError(f"output {name} has shape {shape} for {len(rows)} rows")
    return output
