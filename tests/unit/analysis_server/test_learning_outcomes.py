"""What a turn of learning reports of constants that are known already, and of channels that nobody stores."""

from structlog.testing import capture_logs

from analysis_server.learner import Learner
from analysis_server.learning.calibrations import Part, Progress
from scoring.fitting.learning import NEEDED_SAMPLES
from scoring.fitting.outcome import Learned
from telemetry_core.limits.changes import Limits
from tests.unit.analysis_server.test_learner import DEFAULT, Kept, Stored, learner, level_model, part


class Known(Kept):
    """Of each subsystem there are these constants already."""

    def save(self, part: Part, learned: Learned, progress: Progress) -> bool:
        super().save(part, learned, progress)
        return False


def test_constants_that_are_known_already_are_neither_counted_nor_logged_again() -> None:
    for kept, count in ((Kept(part()), 1), (Known(part()), 0)):
        with capture_logs() as lines:
            assert learner(kept, Stored(NEW_1=NEEDED_SAMPLES)).turn() == count
        assert len([line for line in lines if line["event"].startswith("Learned comm of NEW-1")]) == count
        assert kept.progress["NEW-1"].samples == NEEDED_SAMPLES


def test_channels_without_a_stored_series_are_reported_and_nobody_is_asked_for_them() -> None:
    mission = DEFAULT.model_copy(update={"metrics": {}})
    kept, stored = Kept(part()), Stored(NEW_1=NEEDED_SAMPLES)
    assert Learner(kept, stored, level_model, lambda: Limits.of(mission)).turn() == 0
    assert (kept.progress["NEW-1"].reason, stored.asked) == ("not_stored", [])
