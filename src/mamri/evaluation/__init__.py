"""How well predictions are met: ROC analysis, calibration, agreement, survival, and intervals.

Functions on arrays of cases. Where a patient has several lesions, `groups` names the patient of
each: ``auc_interval(labels, scores, groups=patients)``.
"""

from mamri.evaluation.agreement import (
    LimitsOfAgreement,
    bland_altman,
    intraclass_consistency,
    repeatability_coefficient,
)
from mamri.evaluation.bootstrap import (
    BootstrapComparison,
    BootstrapEstimate,
    bootstrap_auc,
    bootstrap_interval,
    compare_bootstrap,
)
from mamri.evaluation.calibration import (
    CalibrationCurve,
    LogisticRecalibration,
    brier_score,
    calibration_curve,
    calibration_in_the_large,
    expected_calibration_error,
    logistic_recalibration,
)
from mamri.evaluation.decision_curve import DecisionCurve, decision_curve
from mamri.evaluation.delong import AucComparison, AucEstimate, auc_interval, compare_auc
from mamri.evaluation.estimate import Estimate, wilson_interval
from mamri.evaluation.kaplan_meier import KaplanMeier, kaplan_meier
from mamri.evaluation.log_rank import LogRankTest, log_rank_test
from mamri.evaluation.multiclass import (
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    multiclass_auc,
    one_vs_rest_auc,
)
from mamri.evaluation.multiple_testing import benjamini_hochberg, holm
from mamri.evaluation.predictive_values import predictive_values
from mamri.evaluation.regression import (
    mean_absolute_error,
    pearson_correlation,
    r_squared,
    root_mean_squared_error,
    spearman_correlation,
)
from mamri.evaluation.roc import (
    OperatingPoint,
    PrecisionRecallCurve,
    RocCurve,
    average_precision,
    operating_point,
    precision_recall_curve,
    roc_auc,
    roc_curve,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
    threshold_at_specificity,
)
from mamri.evaluation.sample_size import (
    CaseNumbers,
    ModelSampleSize,
    auc_standard_error,
    cases_for_auc_precision,
    cases_for_auc_test,
    cases_for_binary_model,
    cases_for_sensitivity_and_specificity,
    cases_for_two_aucs,
    cases_for_two_proportions,
)
from mamri.evaluation.stratified_auc import compare_stratified_auc, stratified_auc
from mamri.evaluation.subgroups import (
    Subgroup,
    SubgroupComparison,
    SubgroupGap,
    SubgroupSettings,
    compare_subgroups,
)
from mamri.evaluation.survival import (
    TimeDependentAuc,
    concordance_index,
    concordance_index_ipcw,
    integrated_brier_score,
    time_dependent_auc,
)

__all__ = [
    "AucComparison",
    "AucEstimate",
    "BootstrapComparison",
    "BootstrapEstimate",
    "CalibrationCurve",
    "CaseNumbers",
    "DecisionCurve",
    "Estimate",
    "KaplanMeier",
    "LimitsOfAgreement",
    "LogRankTest",
    "LogisticRecalibration",
    "ModelSampleSize",
    "OperatingPoint",
    "PrecisionRecallCurve",
    "RocCurve",
    "Subgroup",
    "SubgroupComparison",
    "SubgroupGap",
    "SubgroupSettings",
    "TimeDependentAuc",
    "auc_interval",
    "auc_standard_error",
    "average_precision",
    "balanced_accuracy",
    "benjamini_hochberg",
    "bland_altman",
    "bootstrap_auc",
    "bootstrap_interval",
    "brier_score",
    "calibration_curve",
    "calibration_in_the_large",
    "cases_for_auc_precision",
    "cases_for_auc_test",
    "cases_for_binary_model",
    "cases_for_sensitivity_and_specificity",
    "cases_for_two_aucs",
    "cases_for_two_proportions",
    "cohen_kappa",
    "compare_auc",
    "compare_bootstrap",
    "compare_stratified_auc",
    "compare_subgroups",
    "concordance_index",
    "concordance_index_ipcw",
    "confusion_matrix",
    "decision_curve",
    "expected_calibration_error",
    "holm",
    "integrated_brier_score",
    "intraclass_consistency",
    "kaplan_meier",
    "log_rank_test",
    "logistic_recalibration",
    "mean_absolute_error",
    "multiclass_auc",
    "one_vs_rest_auc",
    "operating_point",
    "pearson_correlation",
    "precision_recall_curve",
    "predictive_values",
    "r_squared",
    "repeatability_coefficient",
    "roc_auc",
    "roc_curve",
    "root_mean_squared_error",
    "sensitivity_at_specificity",
    "spearman_correlation",
    "specificity_at_sensitivity",
    "stratified_auc",
    "threshold_at_specificity",
    "time_dependent_auc",
    "wilson_interval",
]
