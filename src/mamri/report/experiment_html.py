"""The report of a prediction experiment: one HTML file from the experiment's document alone."""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mamri.report import experiment_panels as panels
from mamri.report import experiment_plots as plots
from mamri.report import wording
from mamri.report.experiment_cells import plain
from mamri.report.experiment_models import MOST_CURVES, Document, model_names, plotted
from mamri.report.experiment_tables import (
    association_table,
    chosen_settings,
    comparison_rows,
    figure_table,
    outcome_counts,
    set_table,
    site_table,
)
from mamri.report.experiment_wording import (
    answer,
    coverage_warning,
    facts,
    how_tested,
    notes,
    site_differences,
)

MOST_EXPLAINED = 2  # models whose features are shown, the best: more are a wall of bars
MOST_COLUMNS = 200  # of the data dictionary: more make a page that no one reads
MOST_ASSOCIATIONS = 10  # features shown before one asks for more
_PNG = "data:image/png;base64,"

_CHECK_NAMES = {
    "patients": "Patients",
    "names": "Names of patients",
    "copies": "Copies",
    "sites": "Sites",
    "single_feature": "Strongest feature",
    "missing": "Missing values",
}


def render_experiment(document: Document) -> str:
    """Write the report of a prediction experiment as one self-contained HTML document.

    Parameters
    ----------
    document : mapping
        The content of ``experiment.json``. Told where they are there: ``simulation`` (true),
        ``importance`` and ``shap`` (by model, lists of ``feature``, ``value`` and, where known,
        ``lower``, ``upper``), ``associations``, ``site_effect``, ``learning_curve``, ``saliency``
        (list of ``case``, ``model``, ``outcome``, ``said``, ``picture``, a data URI of a PNG).

    Returns
    -------
    str
        HTML. Plots are embedded; nothing is loaded from elsewhere; every text of the input, such
        as names of columns and sites, is escaped. The same document gives the same text.
    """
    checks = sorted(document["cohort"]["checks"], key=lambda check: bool(check["is_fine"]))
    warned = [check["message"] for check in checks if not check["is_fine"]]
    columns = document["cohort"].get("columns") or []
    return (
        _environment()
        .get_template("experiment.html.j2")
        .render(
            title=document["experiment"]["name"],
            simulation=bool(document.get("simulation")),
            permuted=bool(document["experiment"].get("permute_labels")),
            kind=document["experiment"]["target"]["kind"],
            facts=facts(document),
            answer=answer(document),
            notes=notes(document),
            warnings=[message for message in (*warned, coverage_warning(document)) if message],
            checks=[(_CHECK_NAMES.get(c["name"], plain(c["name"])), c) for c in checks],
            counts=outcome_counts(document),
            site_differences=site_differences(document),
            testing=how_tested(document),
            figures=figure_table(document),
            sets=set_table(document),
            sites=site_table(document),
            comparisons=comparison_rows(document),
            plots=_plots(document),
            most_curves=MOST_CURVES,
            most_features=panels.MOST_FEATURES,
            most_explained=MOST_EXPLAINED,
            fewest_at_risk=panels.FEWEST_AT_RISK,
            survival_cut=panels.knows_at_risk(document),
            associations=association_table(document),
            most_associations=MOST_ASSOCIATIONS,
            saliency=_saliency(document),
            learning=Markup(plots.learning_plot(document)),
            not_done=[row for row in document.get("learning_curve") or () if "not_done" in row],
            importance=_importance(document),
            chosen=chosen_settings(document),
            columns=columns[:MOST_COLUMNS],
            more_columns=max(0, len(columns) - MOST_COLUMNS),
            software=document["software"],
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mamri.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["w"] = wording
    return environment


def _plots(document: Document) -> dict[str, Any]:
    """Plots by name; lists where every model has its own. Empty where there is nothing to draw."""
    singles = {"forest": plots.forest_plot, "roc": plots.roc_plot, "decision": plots.decision_plot}
    by_model = {
        "calibration": panels.calibration_plot,
        "survival": panels.survival_plot,
        "confusion": panels.confusion_plot,
        "observed": panels.observed_plot,
    }
    # Markup: SVG whose texts matplotlib has escaped.
    return {
        **{name: Markup(plot(document)) for name, plot in singles.items()},
        **{
            name: [Markup(svg) for label in plotted(document) if (svg := plot(document, label))]
            for name, plot in by_model.items()
        },
    }


def _importance(document: Document) -> dict[str, list[Markup]]:
    """Bars of the best models by how importance was told."""
    shuffled = dict(document.get("importance") or {})
    shap = shuffled.pop("shap", None) or document.get("shap") or {}
    lost = {
        "auc": "Loss of AUC when shuffled",
        "concordance": "Loss of concordance when shuffled",
        "spearman": "Rise of the squared error when shuffled",
    }[document["figures"]["main_figure"]]
    names, order = model_names(document), plotted(document)
    found: dict[str, list[Markup]] = {}
    for way, by_model in ((lost, shuffled), ("Mean size of SHAP values", shap)):
        for label in [m for m in order if m in by_model][:MOST_EXPLAINED]:
            if svg := panels.importance_plot(by_model[label], names[label], way):
                found.setdefault(way, []).append(Markup(svg))
    return found


def _saliency(document: Document) -> list[dict[str, str]]:
    """Pictures of what a deep model looked at; none that would be loaded from elsewhere."""
    names = model_names(document)
    return [
        {
            **{key: str(one[key]) for key in ("case", "outcome", "said", "picture")},
            "model": names.get(one["model"], one["model"]),
        }
        for one in document.get("saliency") or ()
        if str(one["picture"]).startswith(_PNG)
    ]
