"""Readers of a microscope's files: each gives images with the size of their pixels."""

from daemon.detection.readers.choose import READABLE, find_files, read_scans

__all__ = ["READABLE", "find_files", "read_scans"]
