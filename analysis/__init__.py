"""Pure computation: arrays in, arrays out; nothing here knows of instruments or of the daemon."""
