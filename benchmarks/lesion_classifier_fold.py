"""Time and AUC of one fold of the 3D network: trained on 200 simulated lesions, one thread.

python benchmarks/lesion_classifier_fold.py WORK    # as benchmarks/simulated_cohort.py made it
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch

from mamri.evaluation import auc_interval
from mamri.io.lesion_crops import crop_path, read_crop
from mamri.networks.lesion_classifier import ClassifierPlan
from mamri.prediction.experiment import IntensityStandard
from mamri.prediction.image_inputs import image_set, network_inputs
from mamri.training.classifier_loop import fit_classifier, predict_classifier
from mamri.training.classifier_settings import ClassifierSettings

CHANNELS = ("pre", "early", "late", "mask")
LESIONS = 200


def main() -> None:
    """Train on whole patients until there are about 200 lesions, test on the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    torch.set_num_threads(1)
    with (work / "cohort.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    patients = np.array([row["patient"] for row in rows])
    y = np.array([int(row["malignant"]) for row in rows])
    order = np.random.default_rng(7).permutation(np.unique(patients))
    size = np.cumsum([np.sum(patients == patient) for patient in order])
    is_trained = np.isin(patients, order[: int(np.searchsorted(size, LESIONS)) + 1])
    paths = [crop_path(work / row["result"], int(row["finding"])) for row in rows]
    images = image_set([read_crop(path) for path in paths], CHANNELS)
    train, test = np.flatnonzero(is_trained), np.flatnonzero(~is_trained)
    x = network_inputs(images, train, CHANNELS, IntensityStandard.Z_SCORE, None)
    started = time.monotonic()
    plan = ClassifierPlan(CHANNELS, 2)
    trained = fit_classifier(x, y[train], patients[train], plan, ClassifierSettings(), 1)
    print(f"{len(train)} lesions, {len(trained.log)} epochs, {time.monotonic() - started:.0f} s")
    unseen = network_inputs(images, test, CHANNELS, IntensityStandard.Z_SCORE, None)
    score = predict_classifier(trained, unseen)[:, 1]
    print(f"{len(test)} others:", auc_interval(y[test], score, groups=patients[test]))


if __name__ == "__main__":
    main()
