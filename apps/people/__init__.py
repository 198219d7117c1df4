"""Who should meet whom: suggestions under everybody's conditions, each with its reasons.

people       `build`, and `People`: add, remove, meet, refuse, suggest, introduce
profile      what is known of a person                sources/   invented people; articles on historical ones
encoding     profiles → vectors                       learning   what makes an interest or a word rare
conditions   one filter for both sides' wishes        ranking    the best by two vectors at once
reasons      why, in words and bits                   pairing    a whole group at once
cli, routes  the command line; the API of the page in page/
"""

from apps.people.people import People, Suggestion, build
from apps.people.profile import Place, Profile, Refused, Wishes

__all__ = ["People", "Place", "Profile", "Refused", "Suggestion", "Wishes", "build"]
