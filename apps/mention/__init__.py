"""Few-shot knowledge of people: who is meant, and what they are, from the sentences that mention them."""
