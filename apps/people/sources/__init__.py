"""Where profiles come from: invented people, and the articles about historical ones."""
