"""The anatomy of an exam, by the model or the classical way."""

from mamri.io.find_model import find_model
from mamri.normalization import correct_bias_field
from mamri.pipeline.analysis_settings import AnalysisSettings
from mamri.pipeline.anatomy_networks import load_anatomy_networks
from mamri.pipeline.step_clock import StepClock
from mamri.records import Anatomy, AnatomyMethod, ModelUse, Provenance, Volume
from mamri.segmentation import segment_anatomy
from mamri.segmentation.learned_anatomy import segment_with_networks


def find_anatomy(
    image: Volume, settings: AnalysisSettings, step: StepClock
) -> tuple[Anatomy, list[Provenance], tuple[ModelUse, ...]]:
    """Find breasts, fibroglandular tissue, skin and nipples.

    Parameters
    ----------
    image : Volume, a.u.
        Before contrast, in anatomical order.
    settings : AnalysisSettings
    step : StepClock

    Returns
    -------
    Anatomy
    list of Provenance
    tuple of ModelUse

    Raises
    ------
    ModelError
        If the model is missing or damaged.
    """
    if settings.anatomy_method is AnatomyMethod.CLASSICAL:
        with step("bias_field"):
            field, bias_provenance = correct_bias_field(image, settings=settings.bias_field)
        with step("anatomy"):
            anatomy, provenance = segment_anatomy(field.corrected, settings.anatomy)
        return anatomy, [bias_provenance, provenance], ()
    with step("model"):
        model = find_model("anatomy")
        networks = load_anatomy_networks(model, settings.engine)
    with step("anatomy"):
        anatomy, provenance = segment_with_networks(image, networks, settings.learned_anatomy)
    card = model.card
    use = ModelUse(card.name, card.version, model.sha256, card.licence, card.trained_on)
    return anatomy, [provenance], (use,)
