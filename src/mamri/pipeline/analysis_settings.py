"""Settings of an analysis, step by step, each with its own sources."""

from dataclasses import dataclass, field

from mamri.diffusion import DiffusionSettings
from mamri.findings import (
    CropSettings,
    DescriptionSettings,
    DetectionSettings,
    LearnedDetectionSettings,
)
from mamri.kinetics import KineticSettings, ParenchymalSettings
from mamri.networks.inference_engine import EngineSettings
from mamri.normalization import BiasFieldSettings
from mamri.perfusion import PerfusionSettings
from mamri.radiomics import RadiomicsSettings
from mamri.records import AnatomyMethod, DetectionMethod
from mamri.registration import AlignmentSettings, MotionSettings
from mamri.segmentation import AnatomySettings, DensityCutOffs, VesselSettings
from mamri.segmentation.learned_anatomy import LearnedAnatomySettings


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Settings of every step of `mamri.pipeline.analyze_exam`.

    Parameters
    ----------
    anatomy_method : AnatomyMethod
        The networks of the anatomy model, or thresholds and surfaces without learning.
    learned_anatomy : LearnedAnatomySettings
        Of the networks.
    engine : EngineSettings
        How networks are computed.
    bias_field : BiasFieldSettings
        Of the classical way, as is ``anatomy``.
    anatomy : AnatomySettings
    motion : MotionSettings
    kinetics : KineticSettings
    vessels : VesselSettings
    detection_method : DetectionMethod
        The network of the lesion model, or thresholds on enhancement without learning.
    learned_detection : LearnedDetectionSettings
        Of the network.
    detection : DetectionSettings
        Without learning; its first phase is the network's too.
    density : DensityCutOffs
    parenchyma : ParenchymalSettings
    perfusion : PerfusionSettings
    alignment : AlignmentSettings
        Of the diffusion images with the anatomy.
    diffusion : DiffusionSettings
    description : DescriptionSettings
        Of findings, in the words of a lexicon.
    radiomics : RadiomicsSettings or None
        None leaves radiomics out.
    crops : CropSettings or None
        None cuts no images of findings out.
    """

    anatomy_method: AnatomyMethod = AnatomyMethod.MODEL
    learned_anatomy: LearnedAnatomySettings = field(default_factory=LearnedAnatomySettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    bias_field: BiasFieldSettings = field(default_factory=BiasFieldSettings)
    anatomy: AnatomySettings = field(default_factory=AnatomySettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    kinetics: KineticSettings = field(default_factory=KineticSettings)
    vessels: VesselSettings = field(default_factory=VesselSettings)
    detection_method: DetectionMethod = DetectionMethod.MODEL
    learned_detection: LearnedDetectionSettings = field(default_factory=LearnedDetectionSettings)
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    density: DensityCutOffs = field(default_factory=DensityCutOffs)
    parenchyma: ParenchymalSettings = field(default_factory=ParenchymalSettings)
    perfusion: PerfusionSettings = field(default_factory=PerfusionSettings)
    alignment: AlignmentSettings = field(default_factory=AlignmentSettings)
    diffusion: DiffusionSettings = field(default_factory=DiffusionSettings)
    description: DescriptionSettings = field(default_factory=DescriptionSettings)
    radiomics: RadiomicsSettings | None = None
    crops: CropSettings | None = None
