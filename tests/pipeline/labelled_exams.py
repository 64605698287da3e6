"""Small labelled exams as files: a bright ball in each, on the patient's left or right."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

# Of files, whose first axis runs to the patient's right and whose last runs to the feet.
AFFINE = np.array([[2.0, 0, 0, -58], [0, -2, 0, 0], [0, 0, -3, 0], [0, 0, 0, 1]])


def exam(seed: int, *, n_channels: int = 2) -> tuple[list[np.ndarray], np.ndarray]:
    """Channels and labels (x, y, z), x to the left: 1 in a ball at the right, 2 at the left."""
    rng = np.random.default_rng(seed)
    grid = np.indices((30, 24, 16)).astype(float)
    label = np.zeros((30, 24, 16), np.uint8)
    for value, x in ((1, 8), (2, 22)):
        centre = np.array([x, 11 + rng.integers(3), 8])[:, None, None, None]
        scaled = (grid - centre) * np.array([2, 2, 3])[:, None, None, None]
        label[np.linalg.norm(scaled, axis=0) < 9] = value
    channels = [
        100 + 20 * rng.standard_normal(label.shape) + 400 * (label > 0) * (k + 1)
        for k in range(n_channels)
    ]
    return [channel.astype(np.int16) for channel in channels], label


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array[::-1], AFFINE), path)


def write_nnunet(folder: Path, n: int = 5) -> None:
    for number in range(n):
        channels, label = exam(number)
        name = f"woman_{number:02d}"
        for k, channel in enumerate(channels):
            save(folder / "imagesTr" / f"{name}_{k:04d}.nii.gz", channel)
        save(folder / "labelsTr" / f"{name}.nii.gz", label)
    about = {
        "channel_names": {"0": "pre", "1": "post"},
        "labels": {"background": 0, "right": 1, "left": 2},
        "file_ending": ".nii.gz",
        "numTraining": n,
    }
    (folder / "dataset.json").write_text(json.dumps(about))


def write_mama_mia(folder: Path, n: int = 3) -> None:
    for number in range(n):
        channels, label = exam(number, n_channels=3)
        for k, channel in enumerate(channels):
            name = f"duke_{number:03d}_{k:04d}.nii.gz"
            save(folder / "images" / f"DUKE_{number:03d}" / name, channel)
        save(
            folder / "segmentations" / "expert" / f"duke_{number:03d}.nii.gz",
            (label > 0).astype(np.uint8),
        )
