"""From sentences and labels to the shipped networks: prepare, train, evaluate, pack.

sources ──prepare──► corpus (JSONL + labels) ──train──► checkpoint + curves ──evaluate──► figures ──pack──► artefact
"""
