"""Pictures as data URIs, so that one HTML file holds everything."""

import base64
import io

import numpy as np
from PIL import Image

# Assumption: at this quality an 8-bit MR picture shows no visible blocks at its printed size.
_JPEG_QUALITY = 88


def jpeg_uri(pixels: np.ndarray) -> str:
    """Encode a picture as a JPEG data URI, colours at full resolution.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        Grey, or red, green and blue.
    """
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True
    )
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
