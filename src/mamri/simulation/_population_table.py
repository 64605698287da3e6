"""Who is simulated: published distributions of age, breast size, density and enhancement.

Frequencies are fractions of 1; each row names its source by number. ``assumed`` marks what no
source was found for.

References
----------
.. [1] Watt GP et al. Association of breast cancer with MRI background parenchymal enhancement: the
   IMAGINE case-control study. Breast Cancer Res 2020;22:138. doi:10.1186/s13058-020-01375-7
   (MRI FGT and BPE categories of 1176 premenopausal and 622 postmenopausal women)
.. [2] Gierach GL et al. Cancer Epidemiol Biomarkers Prev 2014;23:2338-2348 (breast volume by
   mammographic density category, 403 women; table read in an excerpt, its citation is probable)
.. [3] Yaffe MJ et al. The myth of the 50-50 breast. Med Phys 2009;36:5437-5443.
   doi:10.1118/1.3250863 (volumetric density with skin: mean 19.3 %, 80 % of women below 27 %,
   95 % below 45 %)
.. [4] Jansen SA et al. Eur Radiol 2011;21:1374-1382. doi:10.1007/s00330-011-2080-z
   (age 49.2, SD 10.5, of 229 women with high-risk screening MRI; parenchymal patterns)
.. [5] Shi L et al. Skin thickness measurements using high-resolution flat-panel cone-beam dedicated
   breast CT. Med Phys 2013;40:031913. doi:10.1118/1.4793257 (1.44 mm, SD 0.25, 0.87 to 2.34)
.. [6] Scutt D et al. Breast asymmetry and predisposition to breast cancer. Breast Cancer Res
   2006;8:R14. doi:10.1186/bcr1388 (differences of 53 to 63 ml between the sides)
.. [7] de Boer M et al. Aesthet Surg J 2020;40:156-164. doi:10.1093/asj/sjz136 (implants: 3.0 %)
.. [8] Berg WA et al. Radiol Clin North Am 2010;48:931-987. doi:10.1016/j.rcl.2010.06.007 (any cyst:
   37.5 % of 2809 women)
.. [9] Cancer Imaging 2019. doi:10.1186/s40644-019-0191-y (table 3: short axis of axillary nodes of
   256 women without palpable nodes: below 5 mm 38 %, 5 to 10 mm 55 %, above 7 %)
.. [10] Sanuki J, Fukuma E, Uchida Y. Morphologic study of nipple-areola complex in 600 breasts.
   Aesthetic Plast Surg 2009;33:295-297. doi:10.1007/s00266-008-9194-y
"""

from dataclasses import dataclass

CATEGORIES = ("a", "b", "c", "d")
BPE_CATEGORIES = ("minimal", "mild", "moderate", "marked")


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution cut at both ends."""

    mean: float
    sd: float
    low: float
    high: float


AGE_YEARS = Normal(49.2, 10.5, 22, 80)  # [4]
MENOPAUSE_YEARS = Normal(51.0, 4.0, 40, 58)  # assumed: usual population values

# Fibroglandular tissue on MRI, categories a to d, before and after the menopause [1].
DENSITY_FREQUENCY = {False: (0.042, 0.19, 0.51, 0.26), True: (0.13, 0.39, 0.40, 0.087)}
# Share of the breast volume in each category, assumed: no published limits for MRI were found.
# Together with [1] these give a mean of about 20 % and a tail as in [3].
DENSITY_SHARE = {"a": (0.02, 0.08), "b": (0.06, 0.17), "c": (0.12, 0.30), "d": (0.25, 0.58)}
DENSITY_ASYMMETRY = 0.08  # SD of ln(right / left) of the share: assumed

# Background parenchymal enhancement, minimal to marked [1].
BPE_FREQUENCY = {False: (0.18, 0.46, 0.26, 0.10), True: (0.44, 0.43, 0.11, 0.026)}
# Ktrans of fibroglandular tissue against its table value, assumed: no published Ktrans by category.
BPE_UPTAKE = {
    "minimal": (0.15, 0.45),
    "mild": (0.45, 0.95),
    "moderate": (0.95, 1.7),
    "marked": (1.7, 3.0),
}

# Volume of one breast by density category, ml [2]; cut to what fits into a coil (assumed).
BREAST_VOLUME_ML = {
    "a": Normal(1149, 421, 150, 2400),
    "b": Normal(690, 372, 120, 2000),
    "c": Normal(485, 308, 100, 1600),
    "d": Normal(364, 258, 100, 1200),
}
VOLUME_ASYMMETRY = 0.11  # SD of (left - right) / mean: from [6], about 55 ml of 550 ml on average

SKIN_MM = Normal(1.44, 0.25, 0.87, 2.34)  # [5]
NIPPLE_HEIGHT_MM = Normal(9.0, 2.5, 2.0, 13.0)  # mean [10], spread assumed
AREOLA_RADIUS_MM = Normal(20.0, 4.0, 12.0, 30.0)  # mean [10], spread assumed

IMPLANT_FREQUENCY = 0.03  # [7]
CYST_FREQUENCY = 0.375  # [8]; number and size assumed
CLIP_FREQUENCY = 0.12  # assumed, of women with a lesion
AXILLARY_NODES = (3, 8)  # visible nodes a side: assumed
NODE_SHORT_AXIS_MM = Normal(5.8, 2.4, 3.0, 14.0)  # from [9]
LARGE_VESSEL_MM = Normal(2.6, 0.8, 1.2, 4.5)  # diameter of the largest vessel of a breast without
# cancer (Grubstein A et al., Eur J Radiol, 105 women; excerpt)
BOLUS_DELAY_S = Normal(18.0, 4.0, 9.0, 32.0)  # from injection to the breast: assumed
