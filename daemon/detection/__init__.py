"""Images of a scanning tunnelling microscope, searched for clusters, with tables and overlays."""

from daemon.detection.results import check_folder, summary, write_results
from daemon.detection.scan import Request, Scan
from daemon.detection.work import Outcome, search

__all__ = ["Outcome", "Request", "Scan", "check_folder", "search", "summary", "write_results"]
