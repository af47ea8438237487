"""The notifier as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


@contextmanager
def running(values: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it with these variables of the environment; it is killed when the block ends."""
    with log.open("ab") as out:
        command = [sys.executable, "-m", "alarm_notifier"]
        process = subprocess.Popen(command, cwd=ROOT, env=values, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
