"""Perfusion of one real breast slice from its signals: T1, concentration, Ktrans, ve, vp.

    python scripts/perfusion_in_vivo.py INVIVO_MAT PICTURE.png

The file is the demonstration data of DCEMRI.jl (MIT licence): ten flip angles, 25 frames of 16.4 s,
and an arterial input. Prints medians over a box in the tumour.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.io import loadmat

from mamri.perfusion import (
    ArterialInput,
    FitStatus,
    SpoiledGradientEcho,
    choose_model,
    fit,
    signal_to_concentration,
    t1_nonlinear,
)

# Rows and columns of the tumour, and frames before the agent arrives.
TUMOUR, BASELINE = (slice(102, 120), slice(90, 96)), range(3)
# Least signal, over the largest, of what is shown as tissue.
_TISSUE = 0.06
_HEAT = np.array([[0, 0, 0], [90, 20, 110], [200, 60, 70], [250, 160, 50], [255, 255, 180]], float)
_PANELS = (
    ("signal", 1.0, "1"),
    ("T1", 2500.0, "2500 ms"),
    ("peak concentration", 0.5, "0.5 mM"),
    ("Ktrans", 0.3, "0.3 /min"),
    ("ve", 0.6, "0.6"),
    ("vp", 0.1, "0.1"),
)


def coloured(values: np.ndarray, top: float, scale: int) -> Image.Image:
    """A map in heat colours from 0 to a top; undefined is grey."""
    place = np.clip(np.nan_to_num(values) / top, 0, 1) * (len(_HEAT) - 1)
    low = np.minimum(place.astype(int), len(_HEAT) - 2)
    share = (place - low)[..., None]
    colour = (1 - share) * _HEAT[low] + share * _HEAT[low + 1]
    colour[np.isnan(values)] = 60
    picture = Image.fromarray(colour.astype(np.uint8))
    return picture.resize((scale * picture.width, scale * picture.height), Image.Resampling.NEAREST)


def main() -> None:
    """Fit and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    stored = loadmat(options.data)
    tr_ms = 1000 * float(stored["TR"].item())
    sequence = SpoiledGradientEcho(tr_ms, float(stored["DCEflip"].item()))
    t1 = t1_nonlinear(stored["T1data"], stored["T1flip"].ravel().astype(float), tr_ms).t1_ms
    signal = stored["DCEdata"]
    concentration = signal_to_concentration(
        signal, sequence, t1_ms=t1, r1=float(stored["relaxivity"].item()), baseline=BASELINE
    )
    times = 60 * stored["t"].ravel() if stored["t"].max() < 60 else stored["t"].ravel()
    aif = ArterialInput(times, stored["Cp"].ravel())
    mean = signal.mean(axis=0)
    mask = mean > _TISSUE * mean.max()
    noise = float(np.nanstd(concentration[: len(BASELINE), *TUMOUR]))
    choice = choose_model(times, aif, noise_sd=noise)
    print(f"noise {noise:.3f} mM. {choice.reason}")
    found = fit(concentration, times, aif, choice.model or "tofts", vp=choice.vp, mask=mask)
    maps = dict(found.parameters)
    panels = {
        "signal": mean / np.percentile(mean, 99.5),
        "T1": np.where(mask, t1, np.nan),
        "peak concentration": np.where(mask, np.nanmax(np.nan_to_num(concentration), 0), np.nan),
        "Ktrans": maps["ktrans_per_min"],
        "ve": maps["ve"],
        "vp": maps["vp"],
    }
    cells = []
    for name, top, text in _PANELS:
        cell = coloured(panels[name], top, 2)
        ImageDraw.Draw(cell).text((6, 4), f"{name}, 0 to {text}", fill=(255, 255, 255))
        cells.append(np.asarray(cell))
    rows = [np.concatenate(cells[:3], 1), np.concatenate(cells[3:], 1)]
    Image.fromarray(np.concatenate(rows)).save(options.picture)
    print(f"T1 {np.nanmedian(t1[TUMOUR]):.0f} ms in the tumour")
    for name, values in maps.items():
        errors = found.standard_errors.get(name)
        told = f", standard error {np.nanmedian(errors[TUMOUR]):.3f}" if errors is not None else ""
        print(f"{name} {np.nanmedian(values[TUMOUR]):.3f}{told}")
    status = found.status[mask]
    print(*(f"{s.name} {np.mean(status == s):.3f}" for s in FitStatus if np.any(status == s)))


if __name__ == "__main__":
    main()
