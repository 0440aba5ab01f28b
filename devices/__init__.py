"""The border to hardware: ophyd devices and frame writers, the same for real and simulated instruments."""
