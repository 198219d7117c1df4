"""Text → a vector in one space for both languages: the embedding, and learning it."""
