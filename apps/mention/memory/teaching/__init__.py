"""Categories that users teach: `head` fits one from examples, `taught` keeps them where every process reads them."""
