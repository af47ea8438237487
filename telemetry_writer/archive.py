"""`python -m telemetry_writer.archive export|import`: every series of VictoriaMetrics as one stream of bytes.

The bytes are VictoriaMetrics' own native format under gzip. Importing them again changes nothing.
"""

import argparse
import shutil
import sys
from typing import Final

import requests

from telemetry_core.contract.errors import without_passwords
from telemetry_core.service.settings import Settings
from telemetry_core.victoriametrics import CONNECT_TIMEOUT_S

ALL_SERIES: Final = '{__name__!=""}'
SILENCE_S: Final = 300.0
"""An export of a year may pause this long between two pieces."""


def export_series(base_url: str) -> None:
    """Write every series to standard output."""
    with requests.get(
        f"{base_url}/api/v1/export/native",
        params={"match[]": ALL_SERIES},
        headers={"Accept-Encoding": "gzip"},
        stream=True,
        timeout=(CONNECT_TIMEOUT_S, SILENCE_S),
    ) as answer:
        _refuse_failure(answer)
        if answer.headers.get("Content-Encoding") != "gzip":
            raise requests.HTTPError("the export is not compressed: a proxy decompressed it")
        shutil.copyfileobj(answer.raw, sys.stdout.buffer, 1 << 20)


def import_series(base_url: str) -> None:
    """Read series from standard input into the database."""
    _refuse_failure(
        requests.post(
            f"{base_url}/api/v1/import/native",
            data=sys.stdin.buffer,
            headers={"Content-Encoding": "gzip"},
            timeout=(CONNECT_TIMEOUT_S, SILENCE_S),
        )
    )


def _refuse_failure(answer: requests.Response) -> None:
    if not answer.ok:
        raise requests.HTTPError(f"HTTP {answer.status_code} {answer.text[:200].strip()}")


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(prog="archive", description=__doc__)
    parser.add_argument("action", choices=("export", "import"))
    action = parser.parse_args().action
    base_url = Settings().victoria_metrics_url.rstrip("/")
    try:
        (export_series if action == "export" else import_series)(base_url)
    except requests.RequestException as error:
        sys.exit(without_passwords(f"VictoriaMetrics at {base_url}: {error}"))


if __name__ == "__main__":
    main()
