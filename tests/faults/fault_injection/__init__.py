"""Kills processes of a daemon that drives hardware in a process of its own, and judges what is left."""
