"""Semi-quantitative enhancement: maps, curves, tumor volume, background, projections.

Every function takes arrays in anatomical order (feet to head, front to back, right to left) and
times in seconds from the injection of contrast agent.
"""

from mamri.kinetics.background_parenchymal_enhancement import (
    ParenchymalEnhancement,
    ParenchymalSettings,
    background_parenchymal_enhancement,
    parenchymal_category,
)
from mamri.kinetics.curve_type import (
    CurveThresholds,
    CurveType,
    curve_type,
    delayed_phase,
    initial_phase,
)
from mamri.kinetics.functional_tumor_volume import (
    FunctionalTumorVolume,
    TumorVolumeSettings,
    functional_tumor_volume,
    tumor_volume_provenance,
)
from mamri.kinetics.maps import can_compute, kinetic_maps
from mamri.kinetics.percent_enhancement import delayed_change, percent_enhancement
from mamri.kinetics.phase_choice import Baseline, PhaseChoice, PhaseSettings, choose_phases
from mamri.kinetics.projections import projection_volumes, subtraction_projections
from mamri.kinetics.region_curve import RegionCurve, curve_enhancement, region_curve
from mamri.kinetics.settings import KineticSettings
from mamri.kinetics.signal_enhancement_ratio import signal_enhancement_ratio
from mamri.kinetics.slopes import wash_in_slope, wash_out_slope
from mamri.kinetics.subtraction import subtraction
from mamri.kinetics.time_to_peak import time_to_peak_s
from mamri.kinetics.worst_curve import WorstCurve, WorstCurveSettings, worst_curve

__all__ = [
    "Baseline",
    "CurveThresholds",
    "CurveType",
    "FunctionalTumorVolume",
    "KineticSettings",
    "ParenchymalEnhancement",
    "ParenchymalSettings",
    "PhaseChoice",
    "PhaseSettings",
    "RegionCurve",
    "TumorVolumeSettings",
    "WorstCurve",
    "WorstCurveSettings",
    "background_parenchymal_enhancement",
    "can_compute",
    "choose_phases",
    "curve_enhancement",
    "curve_type",
    "delayed_change",
    "delayed_phase",
    "functional_tumor_volume",
    "initial_phase",
    "kinetic_maps",
    "parenchymal_category",
    "percent_enhancement",
    "projection_volumes",
    "region_curve",
    "signal_enhancement_ratio",
    "subtraction",
    "subtraction_projections",
    "time_to_peak_s",
    "tumor_volume_provenance",
    "wash_in_slope",
    "wash_out_slope",
    "worst_curve",
]
