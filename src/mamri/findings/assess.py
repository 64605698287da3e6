"""What the Kaiser score says of a finding, with the path that led to it and what is still open."""

from mamri.findings.kaiser_score import (
    KaiserDescriptors,
    KaiserScore,
    kaiser_score,
)
from mamri.findings.lexicon import DEFAULT_LEXICON, load_lexicon
from mamri.records import Assessment, Finding, Status

# Above this a lesion that the score alone would have biopsied was studied as one that need not be
# (Clauser P et al. Clin Cancer Res 2021;27:1941-1948. doi:10.1158/1078-0432.CCR-20-3037).
ADC_SUPPLEMENT = 1.5  # 1e-3 mm2/s
_MODEL = "Kaiser score (Baltzer 2013, Dietzel 2018)"


def assess_finding(finding: Finding, lexicon: str = DEFAULT_LEXICON) -> tuple[Assessment, ...]:
    """Kaiser score of a finding, and its published ADC supplement where diffusion was measured.

    Parameters
    ----------
    finding : Finding
        With kinetics, description and, where measured, diffusion.
    lexicon : str
        That of its description.

    Returns
    -------
    tuple of Assessment
        ``kaiser_score``, as one number or, where answers are open, None with the range that they
        allow; ``kaiser_adc_supplement`` where the finding has an ADC.
    """
    score = kaiser_score(kaiser_descriptors(finding, lexicon))
    assessments = [
        Assessment(
            target="kaiser_score",
            value=score.lowest if score.is_known else None,
            unit="",
            interval=(float(score.lowest), float(score.highest)),
            model=_MODEL,
            evidence=_evidence(score),
            status=Status.OK if score.is_known else Status.UNDEFINED,
        )
    ]
    diffusion = finding.diffusion
    if diffusion is not None and diffusion.status is Status.OK:
        above = diffusion.adc_darkest > ADC_SUPPLEMENT
        assessments.append(
            Assessment(
                target="kaiser_adc_supplement",
                value="above" if above else "not above",
                unit="",
                interval=None,
                model="ADC above 1.5e-3 mm2/s (Clauser 2021)",
                evidence=f"ADC of the darkest part {diffusion.adc_darkest:.2f}e-3 mm2/s. Not part "
                "of the score: it was studied for lesions that a reader had called BI-RADS 4.",
                status=Status.OK,
            )
        )
    return tuple(assessments)


def kaiser_descriptors(finding: Finding, lexicon: str = DEFAULT_LEXICON) -> KaiserDescriptors:
    """Answers to the questions of the score; None where a descriptor is undetermined.

    Spicules are those of a spiculated margin. A non-mass enhancement is not circumscribed, and
    whether it has spicules is not known. Rim enhancement and clumps are not homogeneous.
    """
    described = finding.description
    words = load_lexicon(lexicon)

    def is_called(value: str, descriptor: str, code: str) -> bool | None:
        known = value in words.terms[descriptor].values()
        return value == words.word(descriptor, code) if known else None

    circumscribed = is_called(described.margin, "margin", "circumscribed")
    if is_called(described.type, "type", "non_mass"):
        circumscribed = False
    no_oedema = is_called(described.oedema, "oedema", "absent")
    return KaiserDescriptors(
        root_sign=is_called(described.margin, "margin", "spiculated"),
        delayed=finding.kinetics.delayed,
        circumscribed=circumscribed,
        homogeneous=is_called(
            described.internal_enhancement, "internal_enhancement", "homogeneous"
        ),
        oedema=None if no_oedema is None else not no_oedema,
    )


def _evidence(score: KaiserScore) -> str:
    path = "; ".join(f"{question}: {answer}" for question, answer in score.path)
    if score.is_known:
        return f"{path}; BI-RADS {score.birads} by its bands."
    return (
        f"{path}. Open answers leave {score.lowest} to {score.highest}: look at the images, and "
        "answer them with mamri.findings.kaiser_score."
    )
