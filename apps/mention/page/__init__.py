"""The page: a text, the people in it, what is known of them, who is like them, and new categories.

application    routes over a memory and a finder of names → the application
questions      what a browser may ask, with every bound
answers        what the memory says → JSON
static/        the page itself
"""
