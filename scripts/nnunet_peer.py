"""The part of ``compare_nnunet.py`` that runs in an environment with nnU-Net and without mamri.

Takes a folder with a raw dataset, plans it, shrinks the plans, trains two folds of every
configuration for a few steps, predicts the test images, and notes the logits of each network for
one patch. ``compare_nnunet.py`` sets the environment that nnU-Net reads.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from nnunetv2.experiment_planning.plan_and_preprocess_api import (
    extract_fingerprints,
    plan_experiments,
    preprocess_dataset,
)
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

ROOT = Path(sys.argv[1]).resolve()
STEPS = int(sys.argv[2])
DATASET_ID, DATASET = 901, "Dataset901_Shapes"
FEATURES = (2, 4, 6, 8, 8, 8, 8)
PLANS = {
    "nnUNetPlans": ("ExperimentPlanner", ("3d_fullres", "3d_lowres", "2d")),
    "nnUNetResEncUNetMPlans": ("nnUNetPlannerResEncM", ("3d_fullres", "2d")),
}
PATCHES = {"3d_fullres": (8, 32, 32), "3d_lowres": (8, 24, 24), "2d": (32, 32)}


def shrink(plans: dict, names: tuple[str, ...], residual: bool) -> None:
    """Small patches, few features and blocks; what else differs between published plans."""
    configurations = plans["configurations"]
    if "3d_lowres" in names:
        configurations["3d_lowres"] = {
            "inherits_from": "3d_fullres",
            "data_identifier": f"{plans['plans_name']}_3d_lowres",
            "spacing": [
                factor * size  # below the ratio of 3 that nnU-Net resamples slice by slice
                for factor, size in zip(
                    (0.8, 1.4, 1.4), configurations["3d_fullres"]["spacing"], strict=True
                )
            ],
        }
    for name in names:
        configuration = configurations[name]
        configuration["patch_size"] = list(PATCHES[name])
        configuration["batch_size"] = 2
        if residual:
            configuration["use_mask_for_norm"] = [True, True]
        if "architecture" not in configuration:
            continue
        kwargs = configuration["architecture"]["arch_kwargs"]
        stages = 3
        kwargs["n_stages"] = stages
        kwargs["features_per_stage"] = list(FEATURES[:stages])
        kwargs["kernel_sizes"] = kwargs["kernel_sizes"][:stages]
        flat = [1, 2, 2] if len(PATCHES[name]) == 3 else [2, 2]
        kwargs["strides"] = [[1] * len(flat), flat, [2] * len(flat)]
        kwargs["n_conv_per_stage_decoder"] = [1, 2] if not residual else [1, 1]
        if residual:
            kwargs["n_blocks_per_stage"] = [1, 2, 2]
        else:
            kwargs["n_conv_per_stage"] = [2] * stages
    if residual:
        plans["image_reader_writer"] = "SimpleITKIOWithReorient"


def train(plans: dict, configuration: str, fold: int, dataset: dict) -> None:
    """One fold, as nnU-Net trains it, but for its length."""
    torch.manual_seed(fold)
    np.random.seed(fold)  # noqa: NPY002  # nnU-Net draws from it
    plans = json.loads(json.dumps(plans)) | {"continue_training": False}
    trainer = nnUNetTrainer(plans, configuration, fold, dataset, torch.device("cpu"))
    trainer.num_epochs = 2
    trainer.num_iterations_per_epoch = STEPS
    trainer.num_val_iterations_per_epoch = 1
    trainer.run_training()


def predict(folder: Path, output: Path) -> None:
    """Labels and probabilities of the test images, and logits for one patch."""
    predictor = nnUNetPredictor(device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(folder), use_folds=(0, 1))
    images = ROOT / "raw" / DATASET / "imagesTs"
    cases = sorted({path.name[: -len("_0000.nii.gz")] for path in images.iterdir()})
    output.mkdir(parents=True, exist_ok=True)
    predictor.predict_from_files_sequential(
        [[str(images / f"{case}_{c:04d}.nii.gz") for c in range(2)] for case in cases],
        [str(output / case) for case in cases],
        save_probabilities=True,
    )
    patch = predictor.configuration_manager.patch_size
    # The test makes the same wave again.
    wave = np.sin(0.7 * np.arange(2 * np.prod(patch)))
    given = wave.reshape(1, 2, *patch).astype(np.float32)
    answers = []
    for weights in predictor.list_of_parameters:
        predictor.network.load_state_dict(weights)
        predictor.network.eval()
        with torch.inference_mode():
            answers.append(predictor.network(torch.from_numpy(given)).numpy())
    np.savez(output / "patch.npz", given=given, logits=np.stack(answers))


def main() -> None:
    """Do all of it."""
    torch.set_num_threads(1)
    dataset = json.loads((ROOT / "raw" / DATASET / "dataset.json").read_text())
    extract_fingerprints([DATASET_ID], num_processes=1)
    for name, (planner, configurations) in PLANS.items():
        plan_experiments([DATASET_ID], planner)
        path = ROOT / "preprocessed" / DATASET / f"{name}.json"
        plans = json.loads(path.read_text())
        shrink(plans, configurations, residual="ResEnc" in name)
        path.write_text(json.dumps(plans, indent=1))
        preprocess_dataset(DATASET_ID, name, list(configurations), [1])
    cases = sorted(p.name[:-7] for p in (ROOT / "raw" / DATASET / "labelsTr").iterdir())
    halves = [{"train": cases[n::2], "val": cases[1 - n :: 2]} for n in range(2)]
    (ROOT / "preprocessed" / DATASET / "splits_final.json").write_text(json.dumps(halves))
    # Augment in this process; planning wanted at least one other.
    os.environ.update(nnUNet_n_proc_DA="0")
    for name, (_, configurations) in PLANS.items():
        plans = json.loads((ROOT / "preprocessed" / DATASET / f"{name}.json").read_text())
        for configuration in configurations:
            for fold in range(2):
                train(plans, configuration, fold, dataset)
            trained = f"nnUNetTrainer__{name}__{configuration}"
            predict(ROOT / "results" / DATASET / trained, ROOT / "predictions" / trained)


if __name__ == "__main__":
    main()
