"""What the networks are to the memory: protocols and plain results, without a word on how they are made."""
