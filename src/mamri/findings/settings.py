"""Settings of the detection of findings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """What counts as an enhancing finding.

    Parameters
    ----------
    grid_step_mm, smoothing_mm : float, mm
        Working grid and Gaussian before thresholds. Assumption: 1.0 and 0.7, fine enough for a
        lesion of 3 mm.
    min_enhancement_percent : float, %
        Enhancement some part of a finding must reach: 60, the upper end of the 50 to 60 % advised
        for computer-aided detection [1]_.
    edge_enhancement_percent : float, %
        Enhancement up to which a finding extends: 40 (assumption, below the lower threshold of
        50 % in [1]_ and [2]_ because the edge of a lesion shares its voxels with fat).
    seed_background, edge_background : float, standard deviations
        The same two limits counted from background enhancement of fibroglandular tissue.
        Assumption: 4 and 2.
    seed_noise, edge_noise : float, standard deviations
        The same two limits counted from the noise of the subtraction. Assumption: 8 and 5.
    edge_fraction : float
        A finding ends where its enhancement falls below this share of its own 90th percentile.
        Assumption: 0.4, just under one half, the edge of a blurred uniform object.
    min_diameter_mm : float, mm
        Findings smaller than this (diameter of the ball of equal volume) are dropped.
    focus_mm, focus_enhancement_percent : float, mm and %
        Findings smaller than this are foci (BI-RADS, 5th edition); most are benign background, so
        they must enhance fast, beyond 100 %, twice as far above the background as others, in the
        first search, and away from vessels. Assumption.
    late_diameter_mm, late_enhancement_percent, late_percentile : float, mm, % and %
        What is found in the late phase only, when all parenchyma enhances, needs this diameter,
        some part beyond this enhancement, and beyond this percentile of fibroglandular tissue
        outside the findings of the first search. Assumption: 8, 80 and 95.
    max_vessel_width_mm, vessel_elongation : float, mm and dimensionless
        Parts nowhere thicker than this and longer than so many times their thickness are vessels
        or ducts, or edges moved by motion. Assumption: 4 mm and 4.
    nipple_mm : float, mm
        What lies within this distance of the nipple's tip is nipple. Assumption: 12 mm; an
        average nipple is 13 mm wide and 9 mm high.
    skin_mm : float, mm
        What lies within this distance of air is skin. Assumption: 3 mm; skin of the breast is
        0.5 to 3 mm thick.
    min_contrast, clear_contrast : float, standard deviations of the background
        A finding stands out from its surroundings by at least the first; between the two it must
        also be sharply bounded, else it is parenchyma. Assumption: 1.7 and 4.
    min_sharpness_per_mm : float, 1/mm
        Relative fall of enhancement per mm at the edge that counts as sharp. Assumption: 0.16.
    first_phase_s : float, s
        The first search is in the phase nearest to this after injection, when cancers are near
        their peak and parenchyma is not [3]_. Assumption: 90.
    satellite_mm, satellite_share : float, mm and dimensionless
        Parts this near a finding, and smaller than this share of it, belong to it. Assumption.
    limiting_percent : float, %
        A detection threshold raised beyond this by background enhancement is reported. Assumption:
        100, above which initial enhancement is called fast.
    max_findings : int
        Only the most conspicuous are reported. Assumption: 8.

    References
    ----------
    .. [1] Levman J, Causer P, Warner E, Martel AL. Effect of the enhancement threshold on the
       computer-aided detection of breast cancer using MRI. Acad Radiol 2009;16:1064-1069.
       doi:10.1016/j.acra.2009.03.018
    .. [2] Lehman CD, Peacock S, DeMartini WB, Chen X. A new automated software system to evaluate
       breast MR examinations: improved specificity without decreased sensitivity. AJR Am J
       Roentgenol 2006;187:51-56. doi:10.2214/AJR.05.0269
    .. [3] Kuhl C. The current status of breast MR imaging. Part I. Choice of technique, image
       interpretation, diagnostic accuracy, and transfer to clinical practice. Radiology
       2007;244:356-378. doi:10.1148/radiol.2442051620
    """

    grid_step_mm: float = 1.0
    smoothing_mm: float = 0.7
    min_enhancement_percent: float = 60.0
    edge_enhancement_percent: float = 40.0
    seed_background: float = 4.0
    edge_background: float = 2.0
    seed_noise: float = 8.0
    edge_noise: float = 5.0
    edge_fraction: float = 0.4
    min_diameter_mm: float = 3.0
    focus_mm: float = 5.0
    focus_enhancement_percent: float = 100.0
    late_diameter_mm: float = 8.0
    late_enhancement_percent: float = 80.0
    late_percentile: float = 95.0
    max_vessel_width_mm: float = 4.0
    vessel_elongation: float = 4.0
    nipple_mm: float = 12.0
    skin_mm: float = 3.0
    min_contrast: float = 1.7
    clear_contrast: float = 4.0
    min_sharpness_per_mm: float = 0.16
    first_phase_s: float = 90.0
    satellite_mm: float = 4.0
    satellite_share: float = 0.25
    limiting_percent: float = 100.0
    max_findings: int = 8
