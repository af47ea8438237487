"""The scripts that run before or around the services."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def test_arguments_lose_the_blanks_that_backslashes_leave() -> None:
    script = CHECKOUT / "deploy" / "containers" / "trim-arguments"
    given = ["printf", "%s|", "-A", "tasks", " --loglevel=info", "  --concurrency=4", " ", "a b"]
    outcome = subprocess.run([script, *given], capture_output=True, text=True, check=True)
    assert outcome.stdout == "-A|tasks|--loglevel=info|--concurrency=4|a b|"
