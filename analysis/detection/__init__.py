"""Finding, sizing and counting clusters in images of a scanning tunnelling microscope."""
