"""Chains of steps that work on frames while they arrive."""

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.chain import Chain, Failure, Outcome
from analysis.streaming.corrections import DarkFlat, Normalisation, Regions
from analysis.streaming.declare import STEPS, Declaration, declare, make_chain
from analysis.streaming.detection import Detection
from analysis.streaming.errors import BatchError, ChainError, StreamClosedError, StreamingError
from analysis.streaming.registration import Registration
from analysis.streaming.runners import InProcess, Runner, make_runner
from analysis.streaming.step import BasicStep, Step
from analysis.streaming.unmixing import Unmixing

__all__ = [
    "STEPS",
    "BasicStep",
    "Batch",
    "BatchError",
    "Chain",
    "ChainError",
    "DarkFlat",
    "Declaration",
    "Detection",
    "Failure",
    "InProcess",
    "Layout",
    "Normalisation",
    "Outcome",
    "Regions",
    "Registration",
    "Runner",
    "Step",
    "StreamClosedError",
    "StreamingError",
    "Unmixing",
    "declare",
    "make_chain",
    "make_runner",
]
