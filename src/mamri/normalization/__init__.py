"""Signal made comparable: coil shading."""

from mamri.normalization.bias_field import BiasField, BiasFieldSettings, correct_bias_field

__all__ = ["BiasField", "BiasFieldSettings", "correct_bias_field"]
