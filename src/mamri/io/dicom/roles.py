"""What a series is for, from its tags first and the words of its description second."""

from dataclasses import dataclass
from enum import IntEnum

from mamri.io.dicom import _role_table as table
from mamri.records import SeriesRole

# T1-weighted gradient echo: echo below 10 ms and repetition below 400 ms cover 3D spoiled gradient
# echo (TR 3-30 ms) and the older 2D FLASH dynamics (TR 100-300 ms). Spin echo below 40 ms echo and
# 1200 ms repetition is T1-weighted, above 60 ms T2-weighted. Assumption: usual protocol ranges.
_T1_GRE_MAX_TE_MS, _T1_GRE_MAX_TR_MS = 10.0, 400.0
_T1_SE_MAX_TE_MS, _T1_SE_MAX_TR_MS, _T2_MIN_TE_MS = 40.0, 1200.0, 60.0
# Short inversion times null fat between 1.5 T and 3 T (about 150-260 ms).
_STIR_TI_MS = (80.0, 300.0)
# b-values below this mark repeated b=0 images or noise in the tag.
MIN_B_VALUE = 10.0
# A localizer has few images in several orientations (reference selectors use about 30).
_LOCALIZER_MAX_IMAGES = 60


class Candidacy(IntEnum):
    """Whether a series may hold phases of the dynamic."""

    NO = 0
    UNCLEAR = 1
    T1_GRADIENT_ECHO = 2


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the role of a series is judged by; None or empty where not recorded."""

    description: str = ""
    modality: str = "MR"
    is_image: bool = True
    image_type: tuple[str, ...] = ()
    samples_per_pixel: int = 1
    n_images: int = 1
    n_orientations: int = 1
    scanning_sequence: tuple[str, ...] = ()
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    max_b_value: float | None = None
    has_contrast_agent: bool = False
    acquisition_contrast: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Role of a series, the reason, and whether it may hold dynamic phases."""

    role: SeriesRole
    reason: str
    candidacy: Candidacy = Candidacy.NO


def judge_series(facts: SeriesFacts) -> Judgement:
    """Give a series its role."""
    words = plain_words(facts.description)
    for rule in (_judge_by_kind, _judge_by_type, _judge_by_exclusion, _judge_by_diffusion):
        found = rule(facts, words)
        if found is not None:
            return found
    return _judge_by_weighting(facts, words)


def plain_words(description: str) -> str:
    """Description in the form that the word patterns expect."""
    return " ".join(description.lower().replace("_", " ").split())


def role_from_description(description: str) -> Judgement:
    """Role by the words of a description alone."""
    return judge_series(SeriesFacts(description=description))


def contrast_word(description: str) -> str | None:
    """Whether a description says ``pre``, ``post`` or ``both``; None where it does not say."""
    words = plain_words(description)
    if table.PRE_AND_POST_WORDS.search(words):
        return "both"
    is_pre = table.PRE_WORDS.search(words) and not table.PRE_IS_NOT_CONTRAST.search(words)
    is_post = table.POST_WORDS.search(table.PRE_WORDS.sub(" ", words))
    if is_pre and is_post:
        return "both"
    return "pre" if is_pre else "post" if is_post else None


def declared_number_of_pre(description: str) -> int | None:
    """Number of pre-contrast phases that a description announces, e.g. ``1-pre_5-post``."""
    words = plain_words(description)
    for pattern in (table.NUMBER_OF_PRE, table.PRE_X_NUMBER):
        match = pattern.search(words)
        if match and "post" in words:
            return int(match.group(1))
    return 1 if contrast_word(description) == "both" and "post" in words else None


def fat_suppression_by_words(description: str) -> bool | None:
    """Whether a description says that fat is suppressed; None where it does not say."""
    words = plain_words(description)
    if table.NOT_FAT_SUPPRESSED_WORDS.search(words):
        return False
    return True if table.FAT_SUPPRESSED_WORDS.search(words) else None


def _judge_by_kind(facts: SeriesFacts, words: str) -> Judgement | None:
    if facts.modality == "SEG":
        return Judgement(SeriesRole.SEGMENTATION, "Modality is SEG")
    if facts.modality != "MR" or not facts.is_image:
        return Judgement(SeriesRole.OTHER, f"not an MR image (Modality {facts.modality or 'unknown'})")
    if facts.samples_per_pixel == 3:
        return Judgement(SeriesRole.OTHER, "derived colour images (SamplesPerPixel 3)")
    return None


def _judge_by_type(facts: SeriesFacts, words: str) -> Judgement | None:
    types = {part.upper() for part in facts.image_type}
    for rule in table.TYPE_RULES:
        found = types & rule.values
        if found:
            return Judgement(rule.role, f"ImageType says {sorted(found)[0]}: {rule.meaning}")
    return None


def _judge_by_exclusion(facts: SeriesFacts, words: str) -> Judgement | None:
    for rule in table.EXCLUSION_RULES:
        match = rule.pattern.search(words)
        if match:
            return Judgement(rule.role, f"the description names {rule.meaning}")
    types = {part.upper() for part in facts.image_type}
    if types & table.DIXON_OTHER_TYPES:
        return Judgement(SeriesRole.DIXON, "ImageType names a fat or phase image of a Dixon set")
    if "DERIVED" in types and not types & table.WATER_TYPES:
        return Judgement(SeriesRole.OTHER, "ImageType says DERIVED")
    if facts.n_orientations > 1 and facts.n_images <= _LOCALIZER_MAX_IMAGES:
        return Judgement(
            SeriesRole.LOCALIZER,
            f"{facts.n_images} images in {facts.n_orientations} orientations",
        )
    return None


def _judge_by_diffusion(facts: SeriesFacts, words: str) -> Judgement | None:
    if facts.max_b_value is not None and facts.max_b_value >= MIN_B_VALUE:
        return Judgement(SeriesRole.DWI, f"b-values up to {facts.max_b_value:.0f} s/mm2 are recorded")
    if facts.acquisition_contrast.upper() == "DIFFUSION":
        return Judgement(SeriesRole.DWI, "AcquisitionContrast says DIFFUSION")
    return None


def _judge_by_weighting(facts: SeriesFacts, words: str) -> Judgement:
    sequence = {part.upper() for part in facts.scanning_sequence}
    te, tr = facts.te_ms, facts.tr_ms
    if "EP" not in sequence and te is not None and tr is not None:
        if "GR" in sequence and te <= _T1_GRE_MAX_TE_MS and tr <= _T1_GRE_MAX_TR_MS:
            source = f"gradient echo with TR {tr:.4g} ms and TE {te:.3g} ms"
            return _judge_t1(facts, words, source, is_gradient_echo=True)
        if "SE" in sequence and "IR" in sequence and facts.ti_ms is not None:
            low, high = _STIR_TI_MS
            if low <= facts.ti_ms <= high:
                return Judgement(
                    SeriesRole.STIR, f"inversion recovery spin echo with TI {facts.ti_ms:.0f} ms"
                )
        if "SE" in sequence and "GR" not in sequence and te >= _T2_MIN_TE_MS:
            return Judgement(SeriesRole.T2, f"spin echo with TE {te:.0f} ms")
        if "SE" in sequence and te <= _T1_SE_MAX_TE_MS and tr <= _T1_SE_MAX_TR_MS:
            source = f"spin echo with TR {tr:.0f} ms and TE {te:.3g} ms"
            return _judge_t1(facts, words, source, is_gradient_echo=False)
        if sequence:
            return _judge_by_words(facts, words, sequence)
    return _judge_by_words(facts, words, sequence)


def _judge_by_words(facts: SeriesFacts, words: str, sequence: set[str]) -> Judgement:
    for rule in table.WEIGHTING_RULES:
        if rule.pattern.search(words):
            return Judgement(rule.role, f"the description says {rule.meaning}")
    spin_echo = bool(table.SPIN_ECHO_WORDS.search(words)) or sequence == {"SE"}
    long_echo = facts.te_ms is not None and facts.te_ms > _T1_GRE_MAX_TE_MS
    says_t1 = table.T1_WORDS.search(words) or contrast_word(facts.description)
    says_t1 = says_t1 or table.DYNAMIC_WORDS.search(words)
    if says_t1 and "EP" not in sequence and not (long_echo and not spin_echo):
        return _judge_t1(facts, words, "the description", is_gradient_echo=not spin_echo)
    if spin_echo:
        return Judgement(SeriesRole.OTHER, "spin echo of unclear weighting")
    return Judgement(
        SeriesRole.OTHER, "neither tags nor description tell what it is", Candidacy.UNCLEAR
    )


def _judge_t1(
    facts: SeriesFacts, words: str, source: str, *, is_gradient_echo: bool
) -> Judgement:
    types = {part.upper() for part in facts.image_type}
    if table.DIXON_WORDS.search(words) and not types & table.WATER_TYPES:
        if not table.DYNAMIC_WORDS.search(words):
            return Judgement(SeriesRole.DIXON, "the description names a Dixon set")
    candidacy = Candidacy.T1_GRADIENT_ECHO if is_gradient_echo else Candidacy.NO
    contrast = contrast_word(facts.description)
    dynamic = bool(table.DYNAMIC_WORDS.search(words)) and is_gradient_echo
    if contrast == "both" and is_gradient_echo:
        return Judgement(
            SeriesRole.DYNAMIC, f"T1-weighted ({source}), named pre and post contrast", candidacy
        )
    if contrast == "pre":
        return Judgement(
            SeriesRole.T1_PRE, f"T1-weighted ({source}), named pre-contrast", candidacy
        )
    if dynamic:
        return Judgement(SeriesRole.DYNAMIC, f"T1-weighted ({source}), named dynamic", candidacy)
    if contrast in ("post", "both"):
        return Judgement(
            SeriesRole.T1_POST, f"T1-weighted ({source}), named post-contrast", candidacy
        )
    if facts.has_contrast_agent:
        return Judgement(
            SeriesRole.T1_POST, f"T1-weighted ({source}), contrast agent recorded", candidacy
        )
    return Judgement(
        SeriesRole.T1_PRE, f"T1-weighted ({source}), no sign of contrast agent", candidacy
    )
