"""Export `moving_average`, which has nothing to train: `python -m training.moving_average`."""

import argparse
from pathlib import Path

from training.networks.export import export_onnx, parity_error, write_golden_vectors
from training.networks.network import MovingAverage

REPOSITORY = Path(__file__).parents[1] / "model_repository"
WINDOW_SIZE = 5
SEED = 20_261_123


def main() -> None:
    """Write model.onnx and the golden vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=REPOSITORY / "moving_average" / "1", help="folder of model.onnx"
    )
    output: Path = parser.parse_args().output
    model = MovingAverage(WINDOW_SIZE)
    export_onnx(model, output / "model.onnx")
    print(f"largest difference to PyTorch: {parity_error(model, output / 'model.onnx', SEED):.2g}")
    write_golden_vectors(model, output / "golden.npz", SEED)


if __name__ == "__main__":
    main()
