"""The dense vectors of one body: full rows, their int8 codes, and the graph over them. See `dense`."""
