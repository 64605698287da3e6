"""Real examinations: regression figures on a handful of patients, not accuracy.

The I-SPY1 files carry no times; the protocol's early and late phases are taken at 150 and 450 s.
The TCGA files carry none either; 0 s and then every 90 s from 60 s is assumed.
"""

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from mamri.geometry import anatomical_orientation
from mamri.kinetics import functional_tumor_volume, kinetic_maps, region_curve, worst_curve
from mamri.records import DelayedPhase, DynamicSeries, InitialPhase

ISPY1 = ("1001", "1002", "1003", "1008")
RAS_TO_LPS = np.diag([-1.0, -1, 1, 1])


def read(path):
    """Array in anatomical order, and its affine."""
    image = nibabel.load(path)
    affine = RAS_TO_LPS @ image.affine
    orientation = anatomical_orientation(affine)
    array = np.asanyarray(image.dataobj)
    anatomical = np.ascontiguousarray(orientation.apply(array))
    return anatomical, orientation.apply_affine(affine, array.shape)


def dynamic(paths, times):
    volumes = [read(path) for path in paths]
    return DynamicSeries(np.stack([v for v, _ in volumes]), volumes[0][1], np.array(times))


def ispy1(folder, patient):
    files = [folder / "ispy1" / f"ISPY1_{patient}_{p}.nii.gz" for p in
             ("pre", "post_early", "post_late")]  # fmt: skip
    lesion, _ = read(folder / "ispy1" / f"ISPY1_{patient}_lesion.nii.gz")
    return dynamic(files, [0.0, 150, 450]), lesion > 0


@pytest.mark.parametrize(
    ("patient", "delayed"),
    [
        ("1001", DelayedPhase.PERSISTENT),  # the median of its voxels rises by 14 %
        ("1002", DelayedPhase.WASHOUT),
        ("1003", DelayedPhase.WASHOUT),
        ("1008", DelayedPhase.WASHOUT),  # a fiftieth of its inside: just enough
    ],
)
def test_ispy1_lesions_enhance_and_their_inside_decides_the_curve(shared_data, patient, delayed):
    series, lesion = ispy1(shared_data, patient)
    worst = worst_curve(series, lesion)
    assert region_curve(series, lesion).percent_enhancement[1] > 60
    assert delayed is worst.delayed
    assert InitialPhase.SLOW is not worst.initial


@pytest.mark.parametrize("patient", ISPY1)
def test_ispy1_functional_volume_lies_within_the_looser_label(shared_data, patient):
    series, lesion = ispy1(shared_data, patient)
    box = np.zeros(lesion.shape, bool)
    box[ndimage.find_objects(lesion.astype(np.uint8))[0]] = True
    volume = functional_tumor_volume(series, box)
    # Published masks are 1.2 to 2.9 times smaller than these labels; a box also takes in vessels.
    assert 0.3 < np.count_nonzero(volume.mask & lesion) / np.count_nonzero(lesion) < 1


@pytest.mark.parametrize("patient", ISPY1)
def test_ispy1_lesions_are_above_the_noise_floor(shared_data, patient):
    series, lesion = ispy1(shared_data, patient)
    maps, caveats, _ = kinetic_maps(series, mask=lesion)
    assert () == caveats
    assert np.isnan(maps.percent_enhancement[lesion]).mean() < 0.01
    assert np.isnan(maps.percent_enhancement[~lesion]).all()


def test_tcga_lesion_by_the_chest_wall_washes_out(shared_data):
    folder = shared_data / "tcga_ao_a03m"
    names = ["pre", *(f"post{k}" for k in range(1, 6))]
    files = [folder / f"TCGA-AO-A03M_breastA_{name}.nii.gz" for name in names]
    series = dynamic(files, [0.0, 60, 150, 240, 330, 420])
    near = np.zeros(series.array.shape[1:], bool)
    near[88:120, 105:130, 21:28] = True  # around the lesion, seen by eye
    rise = series.array[1].astype(float) - series.array[0]
    smooth = ndimage.gaussian_filter(rise, (1, 1, 0.5))
    parts, _ = ndimage.label((smooth > 0.5 * smooth[near].max()) & near)
    lesion = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
    worst = worst_curve(series, lesion)
    assert (InitialPhase.FAST, DelayedPhase.WASHOUT) == (worst.initial, worst.delayed)
    signal = worst.signal
    assert np.argmax(signal) in (1, 2)
    assert np.all(np.diff(signal[2:]) < 0)
