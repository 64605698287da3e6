"""The pages of an evaluation of several classes, of numbers, and of readers' categories."""

from mamri.report import evaluation_plots as draw
from mamri.report.evaluation_classification import GUIDE, by_value
from mamri.report.evaluation_page import Document, Page, PageTable, Section, comparison_table
from mamri.report.experiment_canvas import shortened
from mamri.report.experiment_cells import cell, with_interval

_INTERVAL = GUIDE[1]


def classes_page(document: Document) -> Page:
    """What the page of an evaluation of several classes shows."""
    figures = document["figures"]
    one = figures["scores"]["probabilities"]
    classes = list(figures["classes"])
    columns = (
        "AUC, mean of pairs", *(f"AUC, {word}" for word in classes), "Balanced accuracy, %", "Kappa"
    )  # fmt: skip
    cells = (
        cell(one["auc"], 3),
        *(cell(one["auc_one_against_rest"].get(word), 3) for word in classes),
        cell(one["balanced_accuracy"], 0, 100),
        cell(one["kappa"], 2),
    )
    confusion = draw.confusion_panel(
        one["confusion"], classes, "Likeliest class", name="confusion",
        alt="Confusion matrix: rows are true classes, columns those said",
    )  # fmt: skip
    return Page(
        what="several classes",
        headline=f"{len(classes)} classes were told apart with a mean AUC of "
        f"{with_interval(one['auc'])} in {document['cases']} cases.",
        facts=(
            *_head(document),
            ("Classes", ", ".join(f"{word} {n}" for word, n in figures["classes"].items())),
        ),
        notes=(),
        sections=(
            Section(
                "Telling the classes apart",
                panels=(confusion,),
                tables=(
                    PageTable("All figures", "Score", columns, (("probabilities", cells),),
                              "AUC of a class: against all others together."),
                ),
            ),
        ),
        guide=(
            (
                "AUC",
                "Of two classes it is how often a case of the first has the higher probability of "
                "it; here the mean over all pairs of classes. 0.5 is a coin, 1 is always.",
            ),
            ("Kappa", "Agreement of the likeliest class with the truth beyond chance; 1 is full."),
            _INTERVAL,
        ),
    )  # fmt: skip


def numbers_page(document: Document) -> Page:
    """What the page of an evaluation of numbers shows."""
    figures = document["figures"]
    scores = figures["scores"]
    order = by_value(scores, "r_squared")
    keys = ("mean_absolute_error", "root_mean_squared_error", "r_squared", "pearson", "spearman",
            "intraclass_correlation")  # fmt: skip
    table = PageTable(
        "All figures", "Score",
        ("Mean absolute error", "Root mean squared error", "R²", "Linear correlation",
         "Rank correlation", "ICC(2,1)"),
        tuple((name, tuple(cell(scores[name][key], 3) for key in keys)) for name in order),
    )  # fmt: skip
    limits = PageTable(
        "Prediction less truth", "Score",
        ("Mean difference", "Lower limit of agreement", "Upper limit of agreement"),
        tuple(
            (name, tuple(cell(scores[name][key], 3) for key in
                         ("bias", "lower_limit", "upper_limit")))
            for name in order
        ),
        "Between the limits lie 95 % of differences, if they do not grow with the value.",
    )  # fmt: skip
    panels = [
        draw.observed_panel(scores[name]["observed"], scores[name]["predicted"], name,
                            what="number", name=f"observed {name}",
                            alt=f"Numbers that {name} predicted against those observed")
        for name in order
    ]  # fmt: skip
    best = order[0]
    return Page(
        what="numbers",
        headline=f"“{best}” explained {with_interval(scores[best]['r_squared'])} of the variance "
        f"(R²) in {document['cases']} cases.",
        facts=_head(document),
        notes=(),
        sections=(
            Section(
                "Predicted and true numbers",
                panels=tuple(panels),
                tables=(table, limits, *comparison_table(figures["comparisons"], "R²")),
            ),
        ),
        guide=(
            ("R²", "Share of the variance of the truth that is explained; below 0 is worse than "
             "saying the mean for everyone."),
            ("ICC(2,1)", "Agreement of single values, a shift between truth and prediction counts "
             "against it; 1 is full."),
            _INTERVAL,
        ),
    )  # fmt: skip


def categories_page(document: Document) -> Page:
    """What the page of an evaluation of readers' categories shows."""
    figures = document["figures"]
    pairs = figures["pairs"]
    rows = tuple(
        (
            f"{one['first']} and {one['second']}",
            (cell(one["weighted_kappa"], 2), cell(one["kappa"], 2), cell(one["agreement"], 0, 100)),
        )
        for one in pairs
    )
    panels = [
        draw.confusion_panel(
            one["confusion"], figures["categories"], f"{one['first']} and {one['second']}",
            name=f"confusion {n}", alt=f"Counts of categories by {one['first']}, in rows, and "
            f"{one['second']}, in columns",
            axes_of=(shortened(one["first"], 24), shortened(one["second"], 24)),
        )
        for n, one in enumerate(pairs[:6])
    ]  # fmt: skip
    best = max(pairs, key=lambda one: one["weighted_kappa"]["value"] or -1.0)
    return Page(
        what="categories of readers",
        headline=f"“{best['first']}” and “{best['second']}” agreed with a weighted kappa of "
        f"{with_interval(best['weighted_kappa'])} in {document['cases']} cases.",
        facts=(*_head(document), ("Categories", ", ".join(figures["categories"]))),
        notes=("It is the pair that agreed best.",) if len(pairs) > 1 else (),
        sections=(
            Section(
                "Agreement",
                (),
                panels=tuple(panels),
                tables=(
                    PageTable("Each pair", "Pair",
                              ("Kappa, quadratic weights", "Kappa, unweighted", "Same category, %"),
                              rows),
                ),
            ),
        ),
        guide=(
            ("Kappa", "Agreement beyond what chance would give: 0 is chance, 1 is full. With "
             "quadratic weights a difference of one category counts little, one of several much."),
            _INTERVAL,
        ),
    )  # fmt: skip


def _head(document: Document) -> tuple[tuple[str, str], ...]:
    return (
        ("Table", document["table"]),
        ("Cases", str(document["cases"])),
        ("Patients", str(document["patients"])),
    )
