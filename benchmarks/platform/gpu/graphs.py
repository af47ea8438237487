"""The network of `lstm_timeseries` on a GPU with one recorded CUDA graph for each batch size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.networks.from_onnx import load_lstm

STEPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A graph with its places for input and output, on the GPU and page-locked on the host."""

    graph: torch.cuda.CUDAGraph
    device_input: Tensor
    device_outputs: tuple[Tensor, ...]
    host_input: Tensor
    host_outputs: tuple[Tensor, ...]


class GraphRunner:
    """Runs windows of 64 samples, padded to the next recorded batch size."""

    def __init__(self, onnx_path: Path, batches: Sequence[int]) -> None:
        torch.backends.cudnn.allow_tf32 = False
        self._network = load_lstm(onnx_path).cuda()
        self._graphs = {size: self._record(size) for size in sorted(batches)}

    def _record(self, size: int) -> Recorded:
        device_input = torch.randn(size, STEPS, device="cuda")
        stream = torch.cuda.Stream()
        with torch.no_grad(), torch.cuda.stream(stream):
            for _ in range(3):
                self._network(device_input)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(graph):
            outputs = tuple(output.contiguous() for output in self._network(device_input))
        return Recorded(
            graph=graph,
            device_input=device_input,
            device_outputs=outputs,
            host_input=torch.empty(size, STEPS).pin_memory(),
            host_outputs=tuple(torch.empty(output.shape).pin_memory() for output in outputs),
        )

    def recorded(self, rows: int) -> Recorded:
        """The smallest recorded batch that holds `rows`."""
        return next(recorded for size, recorded in self._graphs.items() if size >= rows)

    def run(self, windows: Sequence[Tensor]) -> list[Tensor]:
        """Host windows float32[rows, 64] to four outputs [all rows, 64], valid until the next call."""
        rows = sum(map(len, windows))
        place = self.recorded(rows)
        torch.cat(list(windows), out=place.host_input[:rows])
        place.device_input.copy_(place.host_input, non_blocking=True)
        place.graph.replay()
        for host, device in zip(place.host_outputs, place.device_outputs, strict=True):
            host.copy_(device, non_blocking=True)
        torch.cuda.current_stream().synchronize()
        return [host[:rows] for host in place.host_outputs]
