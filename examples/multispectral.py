"""How files of six channels are read: arrays of numpy, or TIFF files of one page a channel."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence


def load(path: str) -> NDArray[np.generic]:
    """The channels of a file, (channels, height, width)."""
    if path.endswith(".npy"):
        return np.load(path, allow_pickle=False)
    with Image.open(path) as image:
        return np.stack([np.array(page) for page in ImageSequence.Iterator(image)])
