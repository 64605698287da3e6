"""The network of the lesion model: what goes in and what comes out.

It sees crops of four channels made of three phases: before contrast, the first phase after it, the
first less the one before, and the last less the first. All share one level and spread, so that
their ratios stay. Vessels are a class of their own: what else enhances early and much is then told
from lesions by its shape.
"""

LESION_CLASSES = ("background", "lesion", "vessel")
LESION_CHANNELS = ("before", "first", "first_less_before", "last_less_first")
LESION_SPACING_MM = 1.2
# Voxels of a crop that the network is trained on.
LESION_SHAPE = (80, 80, 80)
