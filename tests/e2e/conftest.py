"""The running platform, and names that no other run uses."""

import secrets
from collections.abc import Iterator

import pytest

from testbed.running_platform import Platform, is_search_up
from testbed.supervised import Supervised, wait_until

SEARCH_STARTS_WITHIN_S = 120


@pytest.fixture(scope="session")
def platform() -> Platform:
    """Return the platform that `make up` started; without it these tests fail and say so."""
    supervised = Supervised()
    try:
        stopped = {name: state for name, state in supervised.states().items() if state != "RUNNING"}
    except OSError as error:
        pytest.exit(f"the platform does not run ({error}): start it with 'make up'", returncode=1)
    if stopped:
        pytest.exit(f"these do not run: {stopped}; see 'make status'", returncode=1)
    # It is not awaited by `make up`, and what a test leaves behind is deleted from it too.
    wait_until(is_search_up, "the search engine answers", within_s=SEARCH_STARTS_WITHIN_S, every_s=1)
    return Platform(supervised=supervised)


@pytest.fixture
def satellites(platform: Platform) -> Iterator[str]:
    """Return a prefix of satellite ids; what was written under it goes away when the test is over."""
    prefix = f"E2E-{secrets.token_hex(4)}-"
    yield prefix
    platform.forget(prefix)
