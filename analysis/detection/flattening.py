"""Stand-in until the real one is there."""

from __future__ import annotations

import numpy as np


def flatten(height):
    """Line by line, then a robust parabola."""
    h = np.asarray(height, float).copy()
    h -= np.cumsum(np.concatenate([[0.0], np.median(np.diff(h, axis=0), axis=1)]))[:, None] if len(h) > 1 else 0.0
    r, c = h.shape
    y, x = np.linspace(-1, 1, r)[:, None] + np.zeros((1, c)), np.linspace(-1, 1, c)[None] + np.zeros((r, 1))
    a = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1).reshape(-1, 6)
    v = h.ravel()
    w = np.ones(v.size, bool)
    for _ in range(4):
        k, *_ = np.linalg.lstsq(a[w], v[w], rcond=None)
        res = v - a @ k
        s = 1.4826 * np.median(np.abs(res - np.median(res)))
        w = np.abs(res - np.median(res)) < 2.5 * s
    res = res.reshape(r, c)
    return res - np.median(res, axis=1, keepdims=True)
