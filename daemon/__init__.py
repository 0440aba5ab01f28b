"""The agent: settings, engine, plans, recorder, analyst and command line."""
