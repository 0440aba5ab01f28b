"""Virtual instruments: the physics of each as pure functions, and the hardware made from it."""
