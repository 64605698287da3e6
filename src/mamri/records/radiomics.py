"""Radiomics features of a finding and its surroundings."""

from collections.abc import Mapping
from dataclasses import dataclass

from mamri.records.caveat import Status


@dataclass(frozen=True, slots=True)
class RegionFeatures:
    """Features of one image in one region.

    Parameters
    ----------
    region : str
        ``lesion``, ``ring`` (around it) or ``tissue`` (fibroglandular, of the same breast).
    image : str
        A phase, such as ``pre``, or a map, such as ``percent_enhancement``; ``mask`` where only the
        form of the region was measured.
    status : Status
        ``not_computed`` where the exam has no such image, ``undefined`` where a feature has no
        value.
    reason : str
        Why, in words that go on after the region is named; empty where all have one.
    n_voxels : int
        Voxels that the intensities came from.
    values : mapping of str to float or None
        Features by name, ``family_name_CODE`` with the code of IBSI: always all that were asked
        for, None where there is no value.
    """

    region: str
    image: str
    status: Status
    reason: str
    n_voxels: int
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class FindingRadiomics:
    """Features of a finding, region by region and image by image.

    Parameters
    ----------
    regions : tuple of RegionFeatures
        Always the same for the same settings. How each image was prepared is in the provenance
        of the step ``radiomics``.
    """

    regions: tuple[RegionFeatures, ...]

    def columns(self) -> dict[str, float | None]:
        """All values in one row, ``radiomics__region__image__feature`` to value."""
        return {
            f"radiomics__{part.region}__{part.image}__{name}": value
            for part in self.regions
            for name, value in part.values.items()
        }
