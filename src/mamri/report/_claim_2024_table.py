"""Items of CLAIM 2024, by number: section, topic in our own words, and what mamri can fill in.

References
----------
.. [1] Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical
   Imaging (CLAIM): 2024 update. Radiol Artif Intell 2024;6:e240300. doi:10.1148/ryai.240300
"""

# Number, section, topic, names of what fills it in (see checklists); none: the authors write it.
CLAIM_2024: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("1", "Title and abstract", "the title says that AI is studied, and of which kind", ()),
    ("2", "Title and abstract", "abstract in sections, with design, methods and results", ()),
    ("3", "Introduction", "medical background, and what the AI is for", ()),
    ("4", "Introduction", "aims and hypotheses", ()),
    ("5", "Study design", "prospective or retrospective", ()),
    ("6", "Study design", "goal of the study", ()),
    ("7", "Data", "where the data come from", ("table",)),
    ("8", "Data", "who was taken in and who left out", ()),
    ("9", "Data", "steps before the model saw the data", ()),
    ("10", "Data", "parts of images or data that were chosen", ()),
    ("11", "Data", "how identities were removed", ()),
    ("12", "Data", "missing data", ("missing",)),
    ("13", "Data", "how images were acquired", ()),
    ("14", "Reference standard", "how it was obtained", ()),
    ("15", "Reference standard", "why this one", ()),
    ("16", "Reference standard", "who annotated", ()),
    ("17", "Reference standard", "how the test set was annotated", ()),
    ("18", "Reference standard", "agreement between and within annotators", ("agreement",)),
    ("19", "Data partitions", "how cases came into parts", ()),
    ("20", "Data partitions", "level at which parts share nothing", ()),
    ("21", "Testing data", "planned size of the test set and why", ("size",)),
    ("22", "Model", "full description", ()),
    ("23", "Model", "software with versions", ("software",)),
    ("24", "Model", "first values of the parameters", ()),
    ("25", "Training", "how it was trained", ()),
    ("26", "Training", "how the final model was chosen", ()),
    ("27", "Training", "whether several models were joined", ()),
    ("28", "Evaluation", "measures of performance", ("measures",)),
    ("29", "Evaluation", "uncertainty and significance", ("statistics", "patients")),
    ("30", "Evaluation", "robustness, sensitivity to choices", ("subgroups",)),
    ("31", "Evaluation", "how answers are explained", ()),
    ("32", "Evaluation", "evaluation on data of the same source", ()),
    ("33", "Evaluation", "testing on data of other sources", ()),
    ("34", "Evaluation", "registration of a trial", ()),
    ("35", "Results: data", "how many were included and excluded", ("size",)),
    ("36", "Results: data", "who they are, in each part", ("groups",)),
    ("37", "Results: performance", "figures with their uncertainty", ("results",)),
    ("38", "Results: performance", "diagnostic performance and its precision", ("points",)),
    ("39", "Results: performance", "cases that went wrong", ("errors",)),
    ("40", "Discussion", "limits of the study", ("limits",)),
    ("41", "Discussion", "what it means for practice", ()),
    ("42", "Other information", "protocol and further technical detail", ()),
    ("43", "Other information", "availability of software, model and data", ("software",)),
    ("44", "Other information", "funding and the part that funders took", ()),
)
