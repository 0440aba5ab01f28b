"""Taking patterns and spectra apart into the few components they are mixed from."""

from analysis.unmixing.nmf import NMF
from analysis.unmixing.online import OnlineNMF

__all__ = ["NMF", "OnlineNMF"]
