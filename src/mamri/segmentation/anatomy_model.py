"""The two networks of the anatomy model: what goes in and what comes out.

The *field* network sees the whole field of view and says where the breasts are, and which is which.
The *detail* network sees crops with the first one's answer beside the image, and says what each
voxel is. A crop alone does not know where it lies, and a coarse field does not see strands of
tissue.
"""

FIELD_CLASSES = ("background", "right_breast", "left_breast", "muscle", "heart")
DETAIL_CLASSES = (
    "background",
    "breast",
    "fibroglandular",
    "vessel",
    "muscle",
    "heart",
    "skin",
    "nipple",
)
FIELD_SPACING_MM, DETAIL_SPACING_MM = 4.8, 1.2
# Voxels of the largest field and of a crop that the networks are trained on.
FIELD_SHAPE, DETAIL_SHAPE = (56, 64, 88), (80, 80, 80)
