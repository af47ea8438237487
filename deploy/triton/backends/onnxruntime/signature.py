"""Rule by which Triton's C++ ONNX Runtime backend accepts a graph for its config.pbtxt, stated here once.

Release r24.10: `ValidateInputs` and `ValidateOutputs` of src/onnxruntime.cc, `CompareDimsSupported` of
src/onnxruntime_utils.cc. It covers what our configurations use: no reshape, ragged or optional tensor.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FREE = -1
CONFIG_TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
}
"""Triton's name of each element type of ONNX Runtime that it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An input or output as ONNX Runtime reports it; `FREE` stands for an axis of any length."""

    name: str
    data_type: str
    shape: tuple[int, ...]


def declared(nodes: Iterable[Any]) -> list[Declared]:
    """Inputs or outputs of a session: what has no fixed length, named or not, is free."""
    return [
        Declared(
            name=node.name,
            data_type=CONFIG_TYPES.get(node.type, node.type),
            shape=tuple(axis if isinstance(axis, int) else FREE for axis in node.shape),
        )
        for node in nodes
    ]


def refusals(
    config: Mapping[str, Any], inputs: Iterable[Declared], outputs: Iterable[Declared]
) -> Iterator[str]:
    """Every reason why the backend would not load the graph under this configuration."""
    known_inputs = {tensor.name: tensor for tensor in inputs}
    known_outputs = {tensor.name: tensor for tensor in outputs}
    if len(known_inputs) != len(config["input"]):
        yield f"configuration expects {len(config['input'])} inputs, model provides {len(known_inputs)}"
    for wanted in config["input"]:
        yield from _of_tensor("input", wanted, known_inputs, int(config["max_batch_size"]))
    for wanted in config["output"]:
        yield from _of_tensor("output", wanted, known_outputs, int(config["max_batch_size"]))


def _of_tensor(
    kind: str, wanted: Mapping[str, Any], known: Mapping[str, Declared], max_batch_size: int
) -> Iterator[str]:
    name, data_type = wanted["name"], wanted["data_type"]
    tensor = known.get(name)
    if tensor is None:
        yield f"unexpected inference {kind} '{name}', allowed {kind}s are: {', '.join(sorted(known))}"
        return
    if tensor.data_type != data_type:
        yield (
            f"configuration expects datatype {data_type} for {kind} '{name}', "
            f"model provides {tensor.data_type}"
        )
        return
    dims = tuple(int(axis) for axis in wanted["dims"])
    if not tensor.shape:
        if any(axis != 1 for axis in dims):
            yield f"scalar tensor '{name}' should only provide 1 in the model configuration, not {list(dims)}"
        return
    if max_batch_size > 0 and tensor.shape[0] != FREE:
        yield (
            f"tensor '{name}': for the model to support batching the first dimension must be {FREE}; "
            f"but the shape expected by the model is {list(tensor.shape)}"
        )
        return
    configured = (FREE, *dims) if max_batch_size > 0 else dims
    if not _fits(tensor.shape, configured, is_exact=kind == "output"):
        yield (
            f"tensor '{name}': the model expects {len(tensor.shape)} dimensions (shape {list(tensor.shape)}) "
            f"but the model configuration specifies {len(configured)} dimensions (shape {list(configured)})"
        )


def _fits(shape: tuple[int, ...], configured: tuple[int, ...], *, is_exact: bool) -> bool:
    """An input's free axis takes any configured length; an output's has to be free in both or in none."""
    return len(shape) == len(configured) and all(
        axis == wanted or (axis == FREE and not is_exact)
        for axis, wanted in zip(shape, configured, strict=True)
    )
