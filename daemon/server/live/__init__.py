"""What goes out over WebSockets while it happens: the status, documents and frames."""
