"""A filter on one segment becomes one exact mask: see `evaluate`."""
