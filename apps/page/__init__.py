"""What the pages of all applications share: one stylesheet, one way to build elements, one way to serve.

serving     routes + a folder of static files → an application with security headers and JSON errors; serving it
guards      ASGI layers: headers, body size, requests that other sites send
static/     page.css (tokens, cards, inputs, chips, bars, lists), element.js, icon.svg; served below /page/
"""
