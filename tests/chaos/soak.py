"""A steady load for half an hour and longer, and whether anything grows: `make soak MINUTES=30`."""

import argparse
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import psutil
from matplotlib.figure import Figure

from testbed.ledger import TRIGGER_GROUP, WRITER_GROUP, committed
from testbed.running_platform import Platform
from testbed.supervised import Supervised
from tests.chaos.load import FileLedger, Load
from tests.chaos.run import STATE
from tests.chaos.slopes import Slope, slope

SAMPLE_EVERY_S: Final = 10
Samples = dict[str, list[float]]
"""`service measure` to its values; `messages` counts what was sent until then."""


def main() -> None:
    """Load the platform, sample it, and fail when something grows beyond its bound."""
    options = _options()
    prefix = f"SOAK-{secrets.token_hex(3)}-"
    STATE.mkdir(parents=True, exist_ok=True)
    ledger = FileLedger(STATE / f"{prefix}ledger.jsonl")
    load = Load([f"{prefix}{index:03d}" for index in range(options.rate)], ledger, seed=1)
    platform = Platform(supervised=Supervised())
    samples: Samples = {}
    load.start()
    deadline = time.monotonic() + options.minutes * 60
    while time.monotonic() < deadline:
        due_at = time.monotonic() + SAMPLE_EVERY_S
        for name, value in sample(platform, ledger).items():
            samples.setdefault(name, []).append(value)
        load.check()
        time.sleep(max(0.0, due_at - time.monotonic()))
    load.end()
    platform.forget(prefix)
    _conclude(samples, options.json)


def sample(platform: Platform, ledger: FileLedger) -> dict[str, float]:
    """Measure every process and every store once."""
    ends = ledger.ends()
    lags = {
        f"{group} lag": float(
            sum(ends[partition] - max(0, offset) for partition, offset in committed(group, ends).items())
        )
        for group in (TRIGGER_GROUP, WRITER_GROUP)
    }
    connections, size, wal = platform.query(
        "SELECT (SELECT count(*) FROM pg_stat_activity), pg_database_size(current_database()),"
        " (SELECT sum(size) FROM pg_ls_waldir())"
    )[0]
    found = {
        "messages": float(ledger.offered),
        "inference queue_depth": float(platform.tasks_in("inference")),
        "postgres connections": float(connections),
        "postgres database_mb": float(size) / 1e6,
        "postgres wal_mb": float(wal) / 1e6,
        **lags,
        **_folders(platform.supervised.state / "data"),
    }
    for service in platform.supervised.states():
        found |= {f"{service} {name}": value for name, value in _process(platform, service).items()}
    return found


def slopes(samples: Mapping[str, list[float]]) -> dict[str, Slope]:
    """Fit every measure that was sampled from the beginning to the end."""
    messages = samples["messages"]
    return {
        name: slope(name.split(" ")[1], messages, values)
        for name, values in samples.items()
        if name != "messages" and len(values) == len(messages)
    }


def _process(platform: Platform, service: str) -> dict[str, float]:
    """Sum a service's measures over its processes; shared memory counts once, by its proportional share."""
    pid = platform.supervised.pid(service)
    if not pid:
        return {}
    found = {"pss_mb": 0.0, "descriptors": 0.0, "threads": 0.0}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            found["pss_mb"] += process.memory_full_info().pss / 1e6
            found["descriptors"] += process.num_fds()
            found["threads"] += process.num_threads()
        except psutil.NoSuchProcess:
            continue  # a backend that ended between the list and the look
    return found


def _folders(data: Path) -> dict[str, float]:
    # `du` goes on when a server deletes a file under its eyes.
    listed = subprocess.run(
        ["du", "--block-size=1", "--summarize", *sorted(data.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    sizes = (line.split("\t") for line in listed.stdout.splitlines())
    return {f"{Path(folder).name} disk_mb": int(size) / 1e6 for size, folder in sizes}


def _conclude(samples: Samples, path: Path) -> None:
    found = slopes(samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "samples": samples,
        "slopes": {name: asdict(value) for name, value in found.items()},
    }
    path.write_text(json.dumps(report, indent=1), encoding="utf-8")
    _draw(samples, path.with_suffix(".png"))
    for name, value in sorted(found.items()):
        mark = "" if value.is_bounded else "  GROWS"
        print(
            f"{name:45} mean {value.mean:10.1f}  grown {value.grown:9.1f}  {value.per_million:12.0f}/M{mark}"
        )
    growing = [name for name, value in found.items() if not value.is_bounded]
    print(f"{samples['messages'][-1]:.0f} messages; beyond its bound: {', '.join(growing) or 'nothing'}")
    if growing:
        sys.exit(1)


def _draw(samples: Samples, path: Path) -> None:
    measures = ("pss_mb", "descriptors", "threads", "disk_mb")
    figure = Figure(figsize=(12, 10))
    for axes, measure in zip(figure.subplots(2, 2).flat, measures, strict=True):
        for name, values in samples.items():
            if name.endswith(f" {measure}") and len(values) == len(samples["messages"]):
                axes.plot(samples["messages"], values, label=name.split(" ")[0], linewidth=1)
        axes.set(title=measure, xlabel="messages")
        axes.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=12, help="satellites, each with a message a second")
    parser.add_argument("--json", type=Path, default=STATE / "soak.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
