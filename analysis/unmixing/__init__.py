"""Taking patterns and spectra apart into the few components they are mixed from."""

from analysis.unmixing.linear import ICA, PCA
from analysis.unmixing.minimum_volume import MinimumVolumeNMF
from analysis.unmixing.nmf import NMF
from analysis.unmixing.nmfso import NMFSO
from analysis.unmixing.online import OnlineNMF
from analysis.unmixing.unmix import Unmixing, unmix

__all__ = ["ICA", "NMF", "NMFSO", "PCA", "MinimumVolumeNMF", "OnlineNMF", "Unmixing", "unmix"]
