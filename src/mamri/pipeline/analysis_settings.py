"""Settings of an analysis, step by step, each with its own sources."""

from dataclasses import dataclass, field

from mamri.findings import DetectionSettings
from mamri.kinetics import KineticSettings, ParenchymalSettings
from mamri.normalization import BiasFieldSettings
from mamri.registration import MotionSettings
from mamri.segmentation import AnatomySettings, DensityCutOffs, VesselSettings


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Settings of every step of `mamri.pipeline.analyze_exam`.

    Parameters
    ----------
    bias_field : BiasFieldSettings
    anatomy : AnatomySettings
    motion : MotionSettings
    kinetics : KineticSettings
    vessels : VesselSettings
    detection : DetectionSettings
    density : DensityCutOffs
    parenchyma : ParenchymalSettings
    """

    bias_field: BiasFieldSettings = field(default_factory=BiasFieldSettings)
    anatomy: AnatomySettings = field(default_factory=AnatomySettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    kinetics: KineticSettings = field(default_factory=KineticSettings)
    vessels: VesselSettings = field(default_factory=VesselSettings)
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    density: DensityCutOffs = field(default_factory=DensityCutOffs)
    parenchyma: ParenchymalSettings = field(default_factory=ParenchymalSettings)
