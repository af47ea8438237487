"""The loss over the optimiser's steps as a picture."""

from collections.abc import Sequence

from matplotlib import pyplot as plt

from training.evaluation.report import REPORTS


def draw_losses(stem: str, losses: Sequence[float], steps: int) -> None:
    """Draw `<stem>-loss.png` beside the report."""
    figure, axes = plt.subplots(figsize=(6, 3), dpi=90)
    axes.plot([(index + 1) * steps / len(losses) for index in range(len(losses))], losses, linewidth=1)
    axes.set(xlabel="optimiser step", ylabel="loss", title=stem)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(REPORTS / f"{stem}-loss.png")
    plt.close(figure)
