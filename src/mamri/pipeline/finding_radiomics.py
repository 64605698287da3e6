"""Radiomics features of the findings of an exam, their surroundings and their breast's tissue."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mamri.geometry import spacing_mm
from mamri.radiomics import RadiomicsSettings, in_words, peritumoral_ring, region_features
from mamri.records import (
    Anatomy,
    Caveat,
    DynamicSeries,
    Finding,
    FindingRadiomics,
    LabelMap,
    Laterality,
    Provenance,
    RegionFeatures,
    Status,
    Volume,
)


def measure_radiomics(
    series: DynamicSeries,
    phases: tuple[int, ...],
    maps: Mapping[str, Volume],
    anatomy: Anatomy,
    lesions: LabelMap,
    findings: tuple[Finding, ...],
    settings: RadiomicsSettings,
) -> tuple[tuple[Finding, ...], Provenance, tuple[Caveat, ...]]:
    """Measure texture, intensities and form of findings, of a ring around them and of the tissue.

    Parameters
    ----------
    series : DynamicSeries
        Motion corrected.
    phases : tuple of int
        The phase in which lesions are looked for first, and the late one where there is another;
        empty where none follows the injection.
    maps : mapping of str to Volume
        Kinetic, perfusion and diffusion maps on the grid of the series.
    anatomy : Anatomy
    lesions : LabelMap
        Value = finding id.
    findings : tuple of Finding
    settings : RadiomicsSettings

    Returns
    -------
    findings : tuple of Finding
        With their radiomics.
    provenance : Provenance
    caveats : tuple of Caveat
        One where findings are too small for texture.
    """
    step = spacing_mm(series.affine)
    images = _images(series, phases, maps)
    others = lesions.array > 0
    inside = anatomy.breast > 0
    may_ring = inside & ~anatomy.skin & ~others
    tissue: dict[Laterality, tuple[RegionFeatures, ...]] = {}
    measured = []
    for finding in findings:
        lesion = lesions.array == finding.id
        ring = peritumoral_ring(lesion, may_ring, step, settings.ring_mm)
        if finding.side not in tissue:
            gland = anatomy.fibroglandular & (anatomy.breast == finding.side) & ~others
            tissue[finding.side] = region_features(
                "tissue", gland, images, step, settings, settings.surrounding_families
            )
        own = region_features("lesion", lesion, images, step, settings, settings.lesion_families)
        around = region_features(
            "ring", ring, images, step, settings, settings.surrounding_families
        )
        regions = (*own, *around, *tissue[finding.side])
        measured.append(replace(finding, radiomics=FindingRadiomics(regions)))
    return tuple(measured), _provenance(settings), _caveats(measured, settings)


def _images(
    series: DynamicSeries, phases: tuple[int, ...], maps: Mapping[str, Volume]
) -> dict[str, np.ndarray]:
    """Phases and maps by the names of the settings, as far as the exam has them."""
    found = {name: series.array[n] for name, n in zip(("first_post", "late"), phases, strict=False)}
    if series.n_pre:
        found["pre"] = series.array[series.n_pre - 1]
    return found | {name: volume.array for name, volume in maps.items()}


def _provenance(settings: RadiomicsSettings) -> Provenance:
    how = {f"image.{name}": in_words(image) for name, image in settings.images.items()}
    ranges = {
        f"range.{name}": f"{image.lowest:g} to {image.highest:g}"
        for name, image in settings.images.items()
        if np.isfinite([image.lowest, image.highest]).any()
    }
    return Provenance(
        step="radiomics",
        method=(
            "Features of the Image Biomarker Standardisation Initiative were computed of each "
            f"finding, of a ring of {settings.ring_mm:g} mm around it inside the breast, and of "
            "the fibroglandular tissue of the same breast outside findings, on the phases and "
            "maps listed. Images were interpolated trilinearly. Regions of too few voxels have no "
            "texture features."
        ),
        settings={
            "ring_mm": settings.ring_mm,
            "families.lesion": ", ".join(settings.lesion_families),
            "families.surroundings": ", ".join(settings.surrounding_families),
            "min_texture_voxels": min(
                (image.min_texture_voxels for image in settings.images.values()), default=None
            ),
            **how,
            **ranges,
        },
        references=(
            "Zwanenburg A, Vallières M, Abdalah MA et al. The Image Biomarker Standardization "
            "Initiative: standardized quantitative radiomics for high-throughput image-based "
            "phenotyping. Radiology 2020;295:328-338. doi:10.1148/radiol.2020191145",
        ),
    )


def _caveats(findings: list[Finding], settings: RadiomicsSettings) -> tuple[Caveat, ...]:
    """Says of which findings a lesion image that the exam has lacks values."""
    small = [
        str(finding.id)
        for finding in findings
        if finding.radiomics is not None
        and any(
            part.region == "lesion"
            and part.status is Status.UNDEFINED
            and "too few" in part.reason
            and part.image in ("pre", "first_post", "late")
            for part in finding.radiomics.regions
        )
    ]
    if not small:
        return ()
    subject = "Finding" if len(small) == 1 else "Findings"
    verb = "is" if len(small) == 1 else "are"
    text = f"{subject} {', '.join(small)} {verb} too small for texture: those features are empty."
    return (Caveat("too_small_for_texture", text),)
