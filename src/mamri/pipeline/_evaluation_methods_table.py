"""What an evaluation did, in sentences, each with the paper that it follows."""

# By name: what is told of it, and its source.
METHODS: dict[str, tuple[str, str]] = {
    "auc": (
        "Area under the ROC curve (AUC): the share of pairs of a case with and a case without the "
        "disease in which the former scores higher. Intervals by DeLong's method on the logit, "
        "with all cases of a patient as one cluster.",
        "DeLong ER et al. Biometrics 1988;44:837-845. doi:10.2307/2531595; Obuchowski NA. "
        "Biometrics 1997;53:567-578. doi:10.2307/2533958",
    ),
    "bootstrap": (
        "Bootstrap intervals are percentiles over samples of whole patients, drawn with "
        "replacement.",
        "Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman and Hall 1993; Field "
        "CA, Welsh AH. J R Stat Soc B 2007;69:369-390. doi:10.1111/j.1467-9868.2007.00593.x",
    ),
    "average_precision": (
        "Average precision: area under the precision-recall curve as a sum of steps. A score "
        "without meaning reaches the prevalence.",
        "Davis J, Goadrich M. Proc 23rd Int Conf Machine Learning 2006:233-240. "
        "doi:10.1145/1143844.1143874",
    ),
    "fixed_points": (
        "Sensitivity at a fixed specificity, and specificity at a fixed sensitivity, are the best "
        "of all thresholds that reach the fixed one. The threshold is chosen anew on every sample "
        "of the bootstrap.",
        "Pepe MS. The statistical evaluation of medical tests for classification and prediction. "
        "Oxford University Press 2003",
    ),
    "wilson": (
        "Shares at a threshold, and predictive values at the prevalence of these cases, have "
        "Wilson's intervals, which take cases for independent.",
        "Wilson EB. J Am Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953",
    ),
    "predictive_values": (
        "Predictive values at a given prevalence follow from sensitivity and specificity by "
        "Bayes' rule, with intervals on the logit.",
        "Mercaldo ND et al. Stat Med 2007;26:2170-2183. doi:10.1002/sim.2677",
    ),
    "calibration": (
        "Calibration: Brier score; slope and intercept of the logit of the outcome on the logit of "
        "the prediction; observed shares in groups of like prediction, about equally many cases "
        "each; expected calibration error over the same groups.",
        "Van Calster B et al. BMC Med 2019;17:230. doi:10.1186/s12916-019-1466-7; Brier GW. Mon "
        "Weather Rev 1950;78:1-3",
    ),
    "decision_curve": (
        "Net benefit: true positives less false positives at the odds of the probability from "
        "which one would act, per case, at the prevalence of these cases.",
        "Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574. doi:10.1177/0272989X06295361",
    ),
    "paired_delong": (
        "Two scores of the same cases are compared by DeLong's paired test, patients as clusters; "
        "p-values are adjusted over all pairs by Holm's method.",
        "DeLong ER et al. Biometrics 1988;44:837-845. doi:10.2307/2531595; Holm S. Scand J Stat "
        "1979;6:65-70",
    ),
    "paired_bootstrap": (
        "Two scores of the same cases are compared on each sample of the bootstrap; p-values are "
        "adjusted over all pairs by Holm's method.",
        "Davison AC, Hinkley DV. Bootstrap methods and their application. Cambridge University "
        "Press 1997. doi:10.1017/CBO9780511802843; Holm S. Scand J Stat 1979;6:65-70",
    ),
    "subgroups": (
        "Subgroups: AUC by DeLong's method in each group; whether independent AUCs are equal by "
        "chi-squared (for two groups the square of z), adjusted over variables by Holm's method; "
        "the gap between the groups with the largest and the smallest figure by bootstrap.",
        "McClish DK. Med Decis Making 1992;12:274-279. doi:10.1177/0272989X9201200405; Hanley JA, "
        "McNeil BJ. Radiology 1982;143:29-36. doi:10.1148/radiology.143.1.7063747",
    ),
    "classes": (
        "AUC of several classes: the mean over all pairs of classes, which does not depend on how "
        "frequent they are. Balanced accuracy: the mean share of right cases over the classes. "
        "Kappa: agreement of the likeliest class with the truth beyond chance.",
        "Hand DJ, Till RJ. Mach Learn 2001;45:171-186. doi:10.1023/A:1010920819831; Cohen J. Educ "
        "Psychol Meas 1960;20:37-46. doi:10.1177/001316446002000104",
    ),
    "numbers": (
        "Numbers: mean absolute error, root mean squared error and share of variance explained "
        "with bootstrap intervals; linear correlation with Fisher's and rank correlation with "
        "Bonett and Wright's interval.",
        "Bonett DG, Wright TA. Psychometrika 2000;65:23-28. doi:10.1007/BF02294183",
    ),
    "agreement": (
        "Agreement: ICC(2,1) of truth and prediction as two raters, absolute agreement; mean "
        "difference and 95 % limits of agreement. Both take cases for independent.",
        "Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. doi:10.1037/0033-2909.86.2.420; Bland "
        "JM, Altman DG. Stat Methods Med Res 1999;8:135-160. doi:10.1177/096228029900800204",
    ),
    "ordinal": (
        "Categories: Cohen's kappa, unweighted and with quadratic weights, of each pair of "
        "columns, with bootstrap intervals; percent agreement with Wilson's.",
        "Cohen J. Psychol Bull 1968;70:213-220. doi:10.1037/h0026256",
    ),
    "concordance": (
        "Concordance: of two patients of whom one is known to have had the event earlier, how "
        "often this one had the higher risk (Harrell); weighted by the chance of being still "
        "followed up, up to a horizon, so that it does not depend on censoring (Uno).",
        "Harrell FE et al. Stat Med 1996;15:361-387; Uno H et al. Stat Med 2011;30:1105-1117. "
        "doi:10.1002/sim.4154",
    ),
    "time_auc": (
        "Time-dependent AUC between patients with the event up to a time and those without it "
        "then, weighted for censoring.",
        "Uno H et al. J Am Stat Assoc 2007;102:527-537. doi:10.1198/016214507000000149; Lambert J, "
        "Chevret S. Stat Methods Med Res 2016;25:2088-2102. doi:10.1177/0962280213515571",
    ),
    "integrated_brier": (
        "Integrated Brier score: mean over time of the squared difference between predicted and "
        "true survival, weighted for censoring.",
        "Graf E et al. Stat Med 1999;18:2529-2545",
    ),
    "kaplan_meier": (
        "Survival by Kaplan-Meier, intervals on log(-log S); groups are compared by the log-rank "
        "test.",
        "Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. doi:10.1080/01621459.1958.10501452; "
        "Klein JP, Moeschberger ML. Survival analysis. Springer 2003. doi:10.1007/b97377",
    ),
}
