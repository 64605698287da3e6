"""Items of TRIPOD+AI, by number: section, topic in our own words, and what mamri can fill in.

27 items, some in parts. Those that only apply where a model is developed are marked so, for an
evaluation may leave them out.

References
----------
.. [1] Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting
   clinical prediction models that use regression or machine learning methods. BMJ
   2024;385:e078378. doi:10.1136/bmj-2023-078378
"""

# Number, section, topic, names of what fills it in (see checklists); none: the authors write it.
TRIPOD_AI: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("1", "Title", "development or evaluation, whom it predicts for and what", ()),
    ("2", "Abstract", "abstract by the list of TRIPOD+AI for abstracts", ()),
    ("3a", "Introduction", "medical context, reason, models that exist", ()),
    ("3b", "Introduction", "for whom, where in care, used by whom", ()),
    ("3c", "Introduction", "known inequalities in health between groups", ()),
    ("4", "Introduction", "aims: development, evaluation or both", ()),
    ("5a", "Data", "sources, why these, how representative", ("table",)),
    ("5b", "Data", "dates", ()),
    ("6a", "Participants", "setting, number and place of centres", ()),
    ("6b", "Participants", "who could take part", ()),
    ("6c", "Participants", "treatments", ()),
    ("7", "Data preparation", "processing and quality checks", ()),
    ("8a", "Outcome", "what is predicted, when, how it was assessed", ()),
    ("8b", "Outcome", "who assessed it, where judgement is needed", ()),
    ("8c", "Outcome", "blinding of its assessment", ()),
    ("9a", "Predictors", "how predictors were chosen (development)", ()),
    ("9b", "Predictors", "how and when they were measured", ()),
    ("9c", "Predictors", "who assessed them, where judgement is needed", ()),
    ("10", "Sample size", "how the size came about and whether it is enough", ("size",)),
    ("11", "Missing data", "how it was dealt with", ("missing",)),
    ("12a", "Analysis", "which data served what", ()),
    ("12b", "Analysis", "form of predictors in the model (development)", ()),
    ("12c", "Analysis", "kind of model, steps, internal validation (development)", ()),
    ("12d", "Analysis", "differences between clusters such as hospitals", ("subgroups",)),
    ("12e", "Analysis", "measures, plots, comparisons", ("measures", "statistics")),
    ("12f", "Analysis", "whether the model was updated", ()),
    ("12g", "Analysis", "how predictions were computed (evaluation)", ()),
    ("13", "Class imbalance", "whether and how it was dealt with", ("prevalence",)),
    ("14", "Fairness", "what was done about it", ("subgroups",)),
    ("15", "Model output", "what the model says, and thresholds", ("threshold",)),
    ("16", "Training and evaluation", "differences between the two data sets", ()),
    ("17", "Ethics", "approval and consent", ()),
    ("18a", "Open science", "funding", ()),
    ("18b", "Open science", "conflicts of interest", ()),
    ("18c", "Open science", "protocol", ()),
    ("18d", "Open science", "registration", ()),
    ("18e", "Open science", "data", ()),
    ("18f", "Open science", "code", ("software",)),
    ("19", "Patients and public", "their part in the study", ()),
    ("20a", "Results: participants", "flow of participants, outcomes, follow-up", ("size",)),
    ("20b", "Results: participants", "who they are, overall and by group", ("groups",)),
    ("20c", "Results: participants", "how they differ from the development data", ()),
    ("21", "Results: development", "participants and events in each analysis", ("size",)),
    ("22", "Results: specification", "the whole model, for use by others (development)", ()),
    ("23a", "Results: performance", "figures with intervals, also of key groups",
     ("results", "subgroups")),
    ("23b", "Results: performance", "differences between clusters", ("subgroups",)),
    ("24", "Results: updating", "results of an update", ()),
    ("25", "Discussion", "what the results mean, with fairness", ()),
    ("26", "Discussion", "limits", ("limits",)),
    ("27a", "Discussion", "inputs that are poor or missing in use (development)", ()),
    ("27b", "Discussion", "what users must do and know (development)", ()),
    ("27c", "Discussion", "next steps", ()),
)  # fmt: skip
