"""IBSI features of lesions and their surroundings, and which of them are stable.

On bare arrays: ``extract_features(image, mask, spacing_mm, ExtractionSettings())``.
"""

from mamri.radiomics.aggregation import Aggregation
from mamri.radiomics.extract_features import ExtractedFeatures, extract_features
from mamri.radiomics.extraction_settings import ExtractionSettings, in_words
from mamri.radiomics.feature_registry import (
    FEATURES,
    TEXTURE_FAMILIES,
    Feature,
    FeatureFamily,
    feature_keys,
)
from mamri.radiomics.intraclass_correlation import IntraclassCorrelation, intraclass_correlation
from mamri.radiomics.perturb import (
    PerturbationSettings,
    add_gaussian_noise,
    add_rician_noise,
    grow_mask,
    perturb_region,
    randomise_contour,
    shift_mask,
)
from mamri.radiomics.radiomics_settings import PHASES, RadiomicsSettings, default_images
from mamri.radiomics.region_features import region_features
from mamri.radiomics.stability import (
    FeatureStability,
    StabilitySettings,
    feature_stability,
    stable_features,
)
from mamri.radiomics.surroundings import peritumoral_ring

__all__ = [
    "FEATURES",
    "PHASES",
    "TEXTURE_FAMILIES",
    "Aggregation",
    "ExtractedFeatures",
    "ExtractionSettings",
    "Feature",
    "FeatureFamily",
    "FeatureStability",
    "IntraclassCorrelation",
    "PerturbationSettings",
    "RadiomicsSettings",
    "StabilitySettings",
    "add_gaussian_noise",
    "add_rician_noise",
    "default_images",
    "extract_features",
    "feature_keys",
    "feature_stability",
    "grow_mask",
    "in_words",
    "intraclass_correlation",
    "peritumoral_ring",
    "perturb_region",
    "randomise_contour",
    "region_features",
    "shift_mask",
    "stable_features",
]
