"""What can be completed: the corpus, read from the sample that ships or from a folder of data."""
