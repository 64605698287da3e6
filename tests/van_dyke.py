"""The published example of reader studies; tests/peers/van_dyke.md tells where it is from."""

from pathlib import Path

import numpy as np

from mamri.evaluation.reader_study import ReaderStudy


def van_dyke() -> ReaderStudy:
    table = np.loadtxt(Path(__file__).parent / "peers" / "van_dyke.csv", delimiter=",", skiprows=1)
    return ReaderStudy(
        scores=table[:, 2:].T.reshape(2, 5, -1),
        labels=table[:, 1],
        modalities=("cine", "spin-echo"),
        readers=("1", "2", "3", "4", "5"),
        cases=tuple(f"{int(case)}" for case in table[:, 0]),
    )
