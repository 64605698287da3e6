"""Whether an imported nnU-Net model answers as nnU-Net itself does.

Makes a small dataset of two-channel shapes (anisotropic voxels, a slice axis that is not the last,
borders of zeros, mirrored storage), has nnU-Net plan, train and predict it in an environment of its
own, imports the results, predicts with mamri, and prints how many voxels agree. ``--freeze`` writes
the small files that ``tests/peers/nnunet`` compares with.

    python -m venv PEER && PEER/bin/pip install torch==2.13.0 nnunetv2
    PEER/bin/pip uninstall -y torchvision
    .venv/bin/python scripts/compare_nnunet.py --peer PEER/bin/python
"""

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from safetensors.numpy import save
from scipy import ndimage

from mamri.io.model_folder import ModelFolder
from mamri.networks.choose_engine import engine_of
from mamri.networks.inference_engine import Backend, EngineSettings, Precision
from mamri.pipeline.apply_model import apply_model
from mamri.pipeline.import_nnunet import import_nnunet

PEER = Path(__file__).with_name("nnunet_peer.py")
DATASET = "Dataset901_Shapes"
SETTINGS = [
    EngineSettings(Backend.TORCH, precision=Precision.F32, threads=1),
    EngineSettings(Backend.OPENVINO, precision=Precision.F32, threads=1),
    EngineSettings(Backend.OPENVINO, precision=Precision.AUTO, threads=1),
]
PEERS = Path(__file__).parents[1] / "tests" / "peers" / "nnunet"
FROZEN = {
    "nnUNetTrainer__nnUNetPlans__3d_fullres": "thick",
    "nnUNetTrainer__nnUNetPlans__3d_lowres": "thick",
    "nnUNetTrainer__nnUNetPlans__2d": "border",
    "nnUNetTrainer__nnUNetResEncUNetMPlans__3d_fullres": "border",
}
LABELS = {"background": 0, "breast": 1, "lesion": 2}
# Shape and voxel size in the order of the file; its first axis is that of the slices.
TRAINING = [
    ((14, 44, 40), (3.6, 1.1, 1.0)),
    ((16, 40, 48), (3.4, 1.0, 1.0)),
    ((13, 48, 44), (3.8, 1.0, 1.1)),
    ((15, 42, 42), (3.6, 1.2, 1.2)),
]
TEST = {
    "thick": ((13, 46, 41), (3.5, 1.0, 1.05)),
    "border": ((18, 52, 50), (4.0, 0.9, 0.9)),
    "even": ((26, 40, 44), (1.5, 1.2, 1.1)),
    "small": ((5, 24, 28), (3.6, 1.1, 1.1)),
}


def shapes(
    shape: tuple[int, ...], spacing: tuple[float, ...], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two channels (C, ...) of a large body with bright spots in it, and its labels."""
    mm = np.moveaxis(np.indices(shape), 0, -1) * spacing
    size = np.array(shape) * spacing
    middle = size * rng.uniform(0.4, 0.6, 3)
    away = np.linalg.norm((mm - middle) / (0.4 * size), axis=-1)
    labels = (away < 1).astype(np.uint8)
    for _ in range(3):
        centre = middle + 0.2 * size * rng.uniform(-1, 1, 3)
        radius = rng.uniform(5, 8)
        near = np.linalg.norm(mm - centre, axis=-1)
        labels[(near < radius) & (labels > 0)] = 2
    texture = [ndimage.gaussian_filter(rng.normal(size=shape), 1) * 60 for _ in range(2)]
    channels = [
        100 + texture[0] + 120 * (labels > 0) + 60 * (labels == 2),
        400 + 3 * texture[1] + 200 * (labels == 1) + 700 * (labels == 2),
    ]
    return np.stack(channels).astype(np.float32), labels


def write_dataset(folder: Path) -> None:
    """Raw data set in the layout of nnU-Net, the same at every call."""
    rng = np.random.default_rng(4)
    for name in ("imagesTr", "labelsTr", "imagesTs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for n, (shape, spacing) in enumerate(TRAINING):
        image, labels = shapes(shape, spacing, rng)
        affine = np.diag([*spacing, 1.0])
        for c in range(2):
            write(folder / "imagesTr" / f"case{n}_{c:04d}.nii.gz", image[c], affine)
        write(folder / "labelsTr" / f"case{n}.nii.gz", labels, affine)
    for name, (shape, spacing) in TEST.items():
        image, _ = shapes(shape, spacing, rng)
        affine = np.diag([*spacing, 1.0])
        if name == "border":
            image[:, :, :9], image[:, :3], image[..., -7:] = 0, 0, 0
            image[:, 8:10, 24:28, 20:26] = 0  # a hole, which belongs to the body
            affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
            affine[:3, 3] = 31, -12, 7.5
        coarse = (8 * np.round(image / 8)).astype(np.int16)  # packs well
        for c in range(2):
            write(folder / "imagesTs" / f"{name}_{c:04d}.nii.gz", coarse[c], affine)
    described = {
        "channel_names": {"0": "pre", "1": "post"},
        "labels": LABELS,
        "numTraining": len(TRAINING),
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(described))


def write(path: Path, array: np.ndarray, affine: np.ndarray) -> None:
    """NIfTI file whose sform and qform both say where it lies."""
    image = nib.Nifti1Image(array, affine)
    image.header.set_qform(affine, code=1)
    image.header.set_sform(affine, code=1)
    nib.save(image, path)


def run_peer(python: str, folder: Path, steps: int) -> None:
    """Let nnU-Net plan, train and predict."""
    environment = os.environ | {
        "nnUNet_raw": str(folder / "raw"),
        "nnUNet_preprocessed": str(folder / "preprocessed"),
        "nnUNet_results": str(folder / "results"),
        "nnUNet_n_proc_DA": "1",
        "nnUNet_def_n_proc": "1",
        "nnUNet_compile": "f",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    subprocess.run([python, str(PEER), str(folder), str(steps)], check=True, env=environment)


def import_and_apply(work: Path, trained: Path) -> ModelFolder:
    """Import one result folder, and segment the test images as a user would."""
    name = trained.name.replace("nnUNetTrainer__", "").replace("__", "-").replace("_", "-").lower()
    output = work / "mamri" / name
    shutil.rmtree(output, ignore_errors=True)
    model = import_nnunet(trained, output / name, name=name)
    for case in TEST:
        images = [work / "raw" / DATASET / "imagesTs" / f"{case}_{c:04d}.nii.gz" for c in range(2)]
        for settings in SETTINGS:
            mask = output / f"{case}-{settings.backend}-{settings.precision}.nii.gz"
            apply_model(model, images, mask, settings=settings)
    return model


def logit_difference(model: ModelFolder, predicted: Path, settings: EngineSettings) -> float:
    """Largest difference of logits for one patch, over the folds."""
    with np.load(predicted / "patch.npz") as kept:
        given, theirs = kept["given"], kept["logits"]
    ours = [engine_of(model.network(name), settings)(given) for name in model.card.networks]
    return float(np.abs(np.stack(ours) - theirs).max())


def compare(work: Path) -> None:
    """Print a table of agreement."""
    print("| trained | engine | logits differ by | case | same labels | differ | largest margin |")
    print("|---|---|---|---|---|---|---|")
    for trained in sorted((work / "results" / DATASET).iterdir()):
        predicted = work / "predictions" / trained.name
        model = import_and_apply(work, trained)
        for settings in SETTINGS:
            engine = f"{settings.backend} {settings.precision}"
            logits = logit_difference(model, predicted, settings)
            for case in TEST:
                mask = model.path.parent / f"{case}-{settings.backend}-{settings.precision}.nii.gz"
                ours, theirs = (
                    np.asarray(nib.load(path).dataobj)
                    for path in (mask, predicted / f"{case}.nii.gz")
                )
                differs = ours != theirs
                largest = margin(predicted / f"{case}.npz", differs, theirs)
                print(
                    f"| {trained.name[15:]} | {engine} | {logits:.1e} | {case} | "
                    f"{100 * (1 - differs.mean()):.3f} % | {differs.sum()} of {differs.size} | "
                    f"{largest:.4f} |"
                )


def margin(probabilities: Path, differs: np.ndarray, labels: np.ndarray) -> float:
    """How sure nnU-Net was, at most, where labels differ: best minus second probability."""
    with np.load(probabilities) as kept:
        ordered = np.sort(kept["probabilities"], axis=0)
        best = kept["probabilities"].argmax(0).transpose(2, 1, 0)
    sure = (ordered[-1] - ordered[-2]).transpose(2, 1, 0)
    # Models that turn files keep probabilities turned: the labels tell how.
    for flips in np.ndindex(2, 2, 2):
        turned = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
        if np.mean(best[turned] == labels) > 0.999:
            return float(sure[turned][differs].max(initial=0))
    return float("nan")


def freeze(work: Path) -> None:
    """Write the small files that the tests compare with."""
    for trained, case in FROZEN.items():
        source, target = work / "results" / DATASET / trained, PEERS / trained
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in ("plans.json", "dataset.json"):
            values = json.loads((source / name).read_text())
            (target / name).write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
        for fold in sorted(source.glob("fold_*")):
            found = torch.load(fold / "checkpoint_final.pth", weights_only=False)  # our own
            kept = {name: w for name, w in found["network_weights"].items() if is_first_name(name)}
            arrays = {name: w.numpy().copy() for name, w in kept.items()}
            (target / f"{fold.name}.safetensors").write_bytes(save(arrays))
        predicted = work / "predictions" / trained
        shutil.copy(predicted / f"{case}.nii.gz", target / "labels.nii.gz")
        with np.load(predicted / "patch.npz") as kept:
            logits = kept["logits"][..., ::5, ::5]
        facts = {"case": case, "mirror_axes": list(found["inference_allowed_mirroring_axes"])}
        (target / "facts.json").write_text(json.dumps(facts) + "\n")
        np.savez_compressed(target / "logits.npz", logits=logits)
    for case in set(FROZEN.values()):
        for c in range(2):
            name = f"{case}_{c:04d}.nii.gz"
            shutil.copy(work / "raw" / DATASET / "imagesTs" / name, PEERS / name)


def is_first_name(name: str) -> bool:
    """Whether a weight is listed for the first time, and not again under another name."""
    return ".all_modules." not in name and not name.startswith("decoder.encoder.")


def main() -> None:
    """Make, train, import, predict, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="python of an environment with nnunetv2; reuse without")
    parser.add_argument("--work", type=Path, default=Path("build/nnunet"))
    parser.add_argument("--steps", type=int, default=30, help="training steps an epoch")
    parser.add_argument("--freeze", action="store_true", help="write tests/peers/nnunet")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peer:
        write_dataset(options.work / "raw" / DATASET)
        run_peer(options.peer, options.work, options.steps)
    compare(options.work)
    if options.freeze:
        freeze(options.work)


if __name__ == "__main__":
    main()
