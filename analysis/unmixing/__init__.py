"""Taking patterns and spectra apart into the few components they are mixed from."""

from analysis.unmixing.minimum_volume import MinimumVolumeNMF
from analysis.unmixing.nmf import NMF
from analysis.unmixing.nmfso import NMFSO
from analysis.unmixing.online import OnlineNMF
from analysis.unmixing.unmix import Unmixing, unmix

__all__ = ["NMF", "NMFSO", "MinimumVolumeNMF", "OnlineNMF", "Unmixing", "unmix"]
