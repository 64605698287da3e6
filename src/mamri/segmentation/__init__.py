"""Where the breasts, their tissues and their vessels are."""

from mamri.segmentation.anatomy import AnatomySettings, segment_anatomy

__all__ = ["AnatomySettings", "segment_anatomy"]
