"""The one registry of radiomics features: families, names, IBSI codes, and names for tables."""

from dataclasses import dataclass
from enum import StrEnum

from mamri.radiomics._feature_table import FEATURE_TABLE


class FeatureFamily(StrEnum):
    """Families of features, as the IBSI reference manual groups them.

    ``spatial`` holds the four of the morphological family that need the image and not only the
    mask.
    """

    SHAPE = "shape"
    SPATIAL = "spatial"
    LOCAL = "local"
    STATISTICS = "stat"
    HISTOGRAM = "hist"
    VOLUME_HISTOGRAM = "ivh"
    COOCCURRENCE = "glcm"
    RUN_LENGTH = "glrlm"
    SIZE_ZONE = "glszm"
    DISTANCE_ZONE = "gldzm"
    TONE_DIFFERENCE = "ngtdm"
    DEPENDENCE = "ngldm"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Parameters
    ----------
    family : FeatureFamily
    name : str
        Lower case with underscores; one of its kind within the family.
    code : str
        Of the IBSI reference manual. The two volumes and the two intensities of the
        intensity-volume histogram share one each.
    tag : str
        Short name in the published tables of reference values, without the aggregation.
    """

    family: FeatureFamily
    name: str
    code: str
    tag: str

    @property
    def key(self) -> str:
        """Name for tables, ``family_name_CODE``: lower case, underscores, the code at the end."""
        return f"{self.family.value}_{self.name}_{self.code}"


def _read_table() -> dict[FeatureFamily, tuple[Feature, ...]]:
    return {
        FeatureFamily(family): tuple(
            Feature(FeatureFamily(family), *line.split()) for line in text.strip().splitlines()
        )
        for family, text in FEATURE_TABLE.items()
    }


FEATURES = _read_table()

TEXTURE_FAMILIES = (
    FeatureFamily.COOCCURRENCE,
    FeatureFamily.RUN_LENGTH,
    FeatureFamily.SIZE_ZONE,
    FeatureFamily.DISTANCE_ZONE,
    FeatureFamily.TONE_DIFFERENCE,
    FeatureFamily.DEPENDENCE,
)


def feature_keys(families: tuple[FeatureFamily, ...]) -> tuple[str, ...]:
    """Names for tables of all features of some families, in the order of the registry.

    Examples
    --------
    >>> feature_keys((FeatureFamily.LOCAL,))
    ('local_local_peak_VJGA', 'local_global_peak_0F91')
    """
    return tuple(
        feature.key
        for family in FeatureFamily
        if family in families
        for feature in FEATURES[family]
    )
