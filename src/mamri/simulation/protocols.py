"""Acquisition presets, modelled on public collections and papers.

Parameters lie within the ranges published for each; where a collection names none, they are those
of one of its exams or usual values (assumption).

References
----------
.. [1] Saha A et al. Br J Cancer 2018;119:508-516. doi:10.1038/s41416-018-0185-8 (Duke: axial,
   bilateral, fat suppressed)
.. [2] Wenkel E et al. Rofo 2017;189:137-145. doi:10.1055/s-0042-120113 (no fat suppression, in
   phase, 1.5 T)
.. [3] Hylton NM et al. Radiology 2012;263:663-672. doi:10.1148/radiol.12110748 (ACRIN 6657,
   I-SPY 1: sagittal, one breast, three phases)
.. [4] Mann RM et al. Invest Radiol 2014;49:579-585. doi:10.1097/RLI.0000000000000057 (20 ultrafast
   phases of 4.3 s, then conventional ones)
.. [5] Kuhl CK et al. J Clin Oncol 2014;32:2304-2310. doi:10.1200/JCO.2013.52.5386 (abbreviated: one
   phase before and one after contrast)
.. [6] Partridge SC et al. Radiology 2018;289:618-627 (ACRIN 6698: b 0, 100, 600, 800)
.. [7] Li H et al. NPJ Breast Cancer 2016;2:16012. doi:10.1038/npjbcancer.2016.12 (TCGA-BRCA)
"""

from dataclasses import replace

from mamri.records import Laterality, Plane
from mamri.simulation.sequences import (
    DiffusionEcho,
    DynamicScan,
    FatHandling,
    GradientEcho,
    Grid,
    Protocol,
    TurboSpinEcho,
)
from mamri.simulation.woman import Woman

_DWI_GRID = Grid((36, 96, 160), (4.0, 2.2, 2.2), back_mm=-22.0)
_DWI = DiffusionEcho(_DWI_GRID)  # [6]
_T2 = TurboSpinEcho(Grid((48, 320, 320), (3.5, 1.1, 1.1)))

AXIAL_FS = Protocol(
    name="axial-fs",
    models="Duke-Breast-Cancer-MRI, I-SPY 2: axial, bilateral, fat suppressed [1]",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((160, 448, 448), (1.1, 0.8, 0.8)),
        GradientEcho(4.12, 1.36, 12.0),
        (-65.0, 62.5, 147.5, 232.5, 317.5),
        85.0,
        noise=0.028,
    ),
    t2=_T2,
    diffusion=_DWI,
    plain_t1=GradientEcho(8.0, 4.76, 20.0, FatHandling.NONE),
    evenness=0.35,
    habits="siemens",
)

AXIAL_PLAIN = Protocol(
    name="axial-plain",
    models="European subtraction protocols: axial, bilateral, no fat suppression, in phase [2]",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((88, 384, 384), (1.8, 0.9, 0.9)),
        GradientEcho(8.9, 4.76, 25.0, FatHandling.NONE),
        (-50.0, 60.0, 135.0, 210.0, 285.0, 360.0),
        75.0,
        noise=0.04,
    ),
    t2=replace(_T2, fat=FatHandling.SUPPRESSED, inversion_time_ms=150.0, te_ms=70.0),
    diffusion=replace(_DWI, b_values=(50.0, 400.0, 800.0)),
    habits="siemens",
)

SAGITTAL = Protocol(
    name="sagittal",
    models="I-SPY 1 (ACRIN 6657): sagittal, one breast, three slow phases [3]",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((60, 256, 256), (2.2, 0.8, 0.8), Plane.SAGITTAL, Laterality.LEFT),
        GradientEcho(11.0, 4.2, 25.0),
        (-150.0, 140.0, 440.0),
        280.0,
        noise=0.05,
    ),
    t2=TurboSpinEcho(
        Grid((36, 256, 256), (3.6, 0.8, 0.8), Plane.SAGITTAL, Laterality.LEFT),
        fat=FatHandling.SUPPRESSED,
    ),
    encoded=(0.9, 0.8, 0.95),
    habits="ge",
)

SAGITTAL_CORRECTED = Protocol(
    name="sagittal-corrected",
    models="TCGA-BRCA: sagittal, one breast, intensity corrected, air masked [7]",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((50, 256, 256), (3.0, 0.86, 0.86), Plane.SAGITTAL, Laterality.RIGHT),
        GradientEcho(5.3, 2.0, 10.0),
        (-75.0, 60.0, 150.0, 240.0, 330.0, 420.0),
        90.0,
        noise=0.05,
    ),
    evenness=0.8,
    air_masked=True,
    encoded=(0.8, 0.8, 0.9),
    habits="ge",
)

DIXON = Protocol(
    name="dixon",
    models="mDixon and VIBE Dixon protocols at 3 T: axial, bilateral, water and fat images",
    field_strength_t=3.0,
    dynamic=DynamicScan(
        Grid((120, 400, 400), (1.4, 0.88, 0.88)),
        GradientEcho(5.6, 2.46, 10.0, FatHandling.DIXON),
        (-55.0, 60.0, 130.0, 200.0, 270.0, 340.0),
        70.0,
        noise=0.035,
    ),
    t2=_T2,
    diffusion=replace(_DWI, b_values=(0.0, 150.0, 800.0), te_ms=65.0),
    evenness=0.8,
    habits="philips",
)

ULTRAFAST = Protocol(
    name="ultrafast",
    models="TWIST, then VIBE, at 3 T: 20 phases of 4.3 s, then conventional ones [4]",
    field_strength_t=3.0,
    dynamic=DynamicScan(
        Grid((96, 352, 352), (1.6, 1.0, 1.0)),
        GradientEcho(5.0, 1.7, 12.0),
        (-110.0, 150.0, 240.0, 330.0, 420.0),
        90.0,
        noise=0.045,
    ),
    ultrafast=DynamicScan(
        Grid((60, 256, 256), (2.5, 1.4, 1.4)),
        GradientEcho(4.0, 2.0, 20.0),
        tuple(-2.15 + 4.3 * n for n in range(20)),
        4.3,
        noise=0.09,
    ),
    diffusion=replace(_DWI, te_ms=62.0),
    habits="siemens",
)

ABBREVIATED = Protocol(
    name="abbreviated",
    models="abbreviated screening: one phase before and one after contrast [5]",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((50, 512, 512), (3.0, 0.66, 0.66)),
        GradientEcho(8.0, 4.6, 25.0, FatHandling.NONE),
        (-60.0, 75.0),
        60.0,
        noise=0.035,
    ),
    habits="philips",
)

CORONAL = Protocol(
    name="coronal",
    models="coronal dynamics at 1.5 T, both breasts, no fat suppression (assumption)",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((80, 300, 360), (2.0, 1.0, 1.0), Plane.CORONAL),
        GradientEcho(8.0, 4.76, 20.0, FatHandling.NONE),
        (-50.0, 60.0, 135.0, 210.0, 285.0),
        75.0,
        noise=0.05,
    ),
    habits="siemens",
)

# Small, for the demonstration: quick to simulate and to analyse.
DEMO = Protocol(
    name="demo",
    models="axial, bilateral, fat suppressed; coarse, one phase before and five after contrast",
    field_strength_t=1.5,
    dynamic=DynamicScan(
        Grid((96, 256, 256), (1.8, 1.3, 1.3)),
        GradientEcho(4.5, 1.5, 12.0),
        (-60.0, 67.5, 142.5, 217.5, 292.5, 367.5),
        75.0,
        noise=0.05,
    ),
    encoded=(0.85, 0.95, 0.95),
    habits="siemens",
)

BENCHMARK = replace(
    AXIAL_FS,
    name="benchmark",
    models="the dynamic series of axial-fs alone, with the four masses of the demonstration",
    t2=None,
    diffusion=None,
    plain_t1=None,
)


def aimed_at(protocol: Protocol, woman: Woman) -> Protocol:
    """The protocol with a one-breast field of view over the side of the woman's first lesion."""
    if protocol.dynamic.grid.side is None or not woman.lesions:
        return protocol
    side = woman.lesions[0].side
    dynamic = replace(protocol.dynamic, grid=replace(protocol.dynamic.grid, side=side))
    t2 = protocol.t2
    if t2 is not None:
        t2 = replace(t2, grid=replace(t2.grid, side=side))
    return replace(protocol, dynamic=dynamic, t2=t2)


PROTOCOLS: dict[str, Protocol] = {
    p.name: p
    for p in (
        DEMO,
        AXIAL_FS,
        AXIAL_PLAIN,
        SAGITTAL,
        SAGITTAL_CORRECTED,
        DIXON,
        ULTRAFAST,
        ABBREVIATED,
        CORONAL,
        BENCHMARK,
    )
}
