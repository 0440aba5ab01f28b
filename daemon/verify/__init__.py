"""Whether a run on disk is whole: its journal, its arrays and its frames, each checked against the others."""

from daemon.verify.verification import Problem, Verification, verify_run

__all__ = ["Problem", "Verification", "verify_run"]
