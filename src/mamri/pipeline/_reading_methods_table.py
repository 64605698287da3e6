"""What an evaluation of masks, marks or readers did, in sentences, each with its paper."""

# By name: what is told of it, and its source.
READING_METHODS: dict[str, tuple[str, str]] = {
    "overlap": (
        "Dice, intersection over union, sensitivity and precision count voxels; volumes are "
        "voxels times their size.",
        "Dice LR. Ecology 1945;26:297-302. doi:10.2307/1932409; Maier-Hein L, Reinke A et al. Nat "
        "Methods 2024;21:195-212. doi:10.1038/s41592-023-02151-z",
    ),
    "surface_distance": (
        "Surfaces are voxels with a neighbour outside; distances between their centres are in mm. "
        "HD95 is the larger of the two directed 95th percentiles; the mean surface distance is "
        "over all surface voxels of both masks; NSD is the share of them within the tolerance.",
        "Maier-Hein L, Reinke A et al. Nat Methods 2024;21:195-212. "
        "doi:10.1038/s41592-023-02151-z; Nikolov S et al. J Med Internet Res 2021;23:e26151. "
        "doi:10.2196/26151",
    ),
    "empty_masks": (
        "Two empty masks agree: Dice, IoU and NSD 1, distances 0. Where one is empty, overlap and "
        "NSD are 0 and distances undefined; means are over defined cases, and the others counted.",
        "A convention of mamri; Metrics Reloaded leaves it open (doi:10.1038/s41592-023-02151-z)",
    ),
    "lesion_matching": (
        "Lesions are connected parts of the masks (26 neighbours), paired one to one so that the "
        "sum of their intersections over union is largest; shares have Wilson's intervals, which "
        "take lesions for independent.",
        "Kirillov A et al. CVPR 2019:9404-9413. doi:10.1109/CVPR.2019.00963; Wilson EB. J Am Stat "
        "Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953",
    ),
    "mama_mia": (
        "MAMA-MIA challenge, task 1: performance is half of mean Dice and of 1 less HD95 over 150 "
        "voxels; fairness is 1 less half the gaps of both between groups of age, menopause and "
        "density. Its HD95 counts voxels, not mm, and two empty masks have a Dice of 0.",
        "Garrucho L et al., public scorer of the challenge, github.com/LidiaGarrucho/MAMA-MIA, "
        "April 2025",
    ),
    "marks": (
        "A mark hits the lesion within whose reach it lies, its radius or the distance set if that "
        "is larger. Of several marks on a lesion the best counts, the others for nothing.",
        "Chakraborty DP, Berbaum KS. Med Phys 2004;31:2313-2330. doi:10.1118/1.1769352",
    ),
    "froc": (
        "FROC: share of lesions marked against the mean number of false marks an image. The mean "
        "sensitivity is that at the rates set.",
        "Niemeijer M et al. IEEE Trans Med Imaging 2011;30:215-223. doi:10.1109/TMI.2010.2072789",
    ),
    "afroc": (
        "AFROC: lesions marked against images whose highest false mark is as high. Its area is the "
        "share of pairs of a lesion and a normal image in which the lesion has the higher mark, "
        "the JAFROC figure of merit; unmarked ties with unmarked and counts half.",
        "Chakraborty DP, Berbaum KS. Med Phys 2004;31:2313-2330. doi:10.1118/1.1769352",
    ),
    "lroc": (
        "LROC: the highest mark of each image is its rating, and right if it hits a lesion.",
        "Swensson RG. Med Phys 1996;23:1709-1725. doi:10.1118/1.597758",
    ),
    "reader_threshold": (
        "Sensitivity, or specificity, of each reader at the threshold, with covariances by the "
        "jackknife over cases.",
        "Hillis SL et al. Acad Radiol 2008;15:647-661. doi:10.1016/j.acra.2007.12.015",
    ),
    "obuchowski_rockette": (
        "Modalities are compared over readers by the model of Obuchowski and Rockette, "
        "covariances of AUCs by DeLong, degrees of freedom by Hillis; for readers and cases, for "
        "cases with these readers, and for readers with these cases.",
        "Obuchowski NA, Rockette HE. Communications in Statistics 1995;24:285-308. "
        "doi:10.1080/03610919508813243; Hillis SL. Stat Med 2007;26:596-619. doi:10.1002/sim.2532",
    ),
    "dorfman_berbaum_metz": (
        "The same by analysis of variance of jackknife pseudovalues, with the degrees of freedom "
        "of Hillis.",
        "Dorfman DD et al. Invest Radiol 1992;27:723-731; Hillis SL et al. Acad Radiol "
        "2008;15:647-661. doi:10.1016/j.acra.2007.12.015",
    ),
    "non_inferiority": (
        "No worse: the one-sided bound of the difference lies above minus the margin. Better: it "
        "lies above 0, tested afterwards without a correction.",
        "Chen W et al. Acad Radiol 2012;19:1158-1165. doi:10.1016/j.acra.2012.04.011",
    ),
    "algorithm_and_readers": (
        "An algorithm alone is compared with the mean of the readers of the same cases as one "
        "fixed reader; readers and cases are samples.",
        "Chakraborty DP. Observer performance methods for diagnostic imaging. CRC Press 2017; "
        "Hillis SL. Stat Med 2007;26:596-619. doi:10.1002/sim.2532",
    ),
    "reader_power": (
        "Cases that as many readers would need for a power of 80 %, with the variance components "
        "of this study taken for true, which they are not: plan with a reserve.",
        "Hillis SL et al. Acad Radiol 2011;18:129-142. doi:10.1016/j.acra.2010.09.007",
    ),
}
