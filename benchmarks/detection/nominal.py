"""False alarms of the retrospective scan on simulated nominal telemetry, on which nothing was chosen.

`python -m benchmarks.detection.nominal`: alarms per 1,000 samples by subsystem and sampling interval.
"""

from benchmarks.detection.evaluation.report import progress, table
from scoring.retrospective import scan_recording
from telemetry_core.service.command_line import end_with
from training.data.nominal import Sampling, nominal_recording, subsystem_features

INTERVALS_S = {10.0: 70_001, 5.0: 70_002, 2.0: 70_003}
"""With the seed of each recording."""
REFERENCE_SAMPLES = 3000
JUDGED_SAMPLES = 6000
SATELLITES = (0, 5)


def main() -> None:
    alarms = {interval_s: alarms_of(interval_s, seed) for interval_s, seed in INTERVALS_S.items()}
    rows: list[list[str]] = []
    for subsystem, channels in subsystem_features().items():
        samples = len(channels) * len(SATELLITES) * JUDGED_SAMPLES
        rows.append([subsystem, *(f"{1000 * of[subsystem] / samples:.3f}" for of in alarms.values())])
    samples = sum(map(len, subsystem_features().values())) * len(SATELLITES) * JUDGED_SAMPLES
    rows.append(["all", *(f"{1000 * sum(of.values()) / samples:.3f}" for of in alarms.values())])
    print("\n".join(table(("alarms/1,000", *(f"{interval_s:g} s" for interval_s in alarms)), rows)))
    total = sum(sum(of.values()) for of in alarms.values())
    judged = samples * len(alarms)
    print(f"{total} alarms in {judged:,} samples, {1000 * total / judged:.3f} per 1,000")


def alarms_of(interval_s: float, seed: int) -> dict[str, int]:
    """Detections in all channels of some satellites, by subsystem."""
    progress(f"simulating and scanning {interval_s:g} s")
    steps = REFERENCE_SAMPLES + JUDGED_SAMPLES
    recording = nominal_recording(Sampling(seed=seed, interval_s=interval_s, steps=steps))
    return {
        subsystem: sum(
            len(found)
            for satellite in SATELLITES
            for found in scan_recording(series[satellite].T.astype("float64"), first_judged=REFERENCE_SAMPLES)
        )
        for subsystem, series in recording.items()
    }


if __name__ == "__main__":
    end_with(main)
