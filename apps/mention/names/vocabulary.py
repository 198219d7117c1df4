"""Closed lists of English words that the rules ask for. Names of people are in none of them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ABBREVIATIONS",
    "BEFORE_THINGS",
    "BEGINNERS",
    "CALENDAR",
    "DETERMINING",
    "DISCOVERIES",
    "FORMS_OF_ADDRESS",
    "PARTICLES",
    "PLACING",
    "SOMETIMES_LAST",
    "THINGS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES: Final = _words(
    """
    't aan af al ap av bat ben bin bint da dal de degli dei del della den der des di do dos du e el i ibn la las le
    les los of op ten ter the tot van vom von y zu zum zur
    """
)
"""The small words inside names."""
ABBREVIATIONS: Final = _words(
    """
    adm approx apr aug av ave bros brig c ca capt cf cmdr co col corp cpl dec det dr ed eds eng esp est etc feb fig
    fl fr ft gen gov hon inc insp jan jr jul jun lt ltd maj mar messrs mlle mme mr mrs ms mt nov no nos oct op p pp
    pres prof pvt rep rev sen sept sgt sr ss st supt tr trans viz vol vols vs
    """
)
"""Behind these a full stop ends no sentence."""
SOMETIMES_LAST: Final = _words("ave bros co corp etc inc jr ltd sr")
"""Abbreviations that also end a sentence: then a word follows that only a sentence begins with."""
BEGINNERS: Final = _words(
    """
    A After All Although An And As At Both But By During For From Given He Her His How However I If In It Its Later
    Many Most My No On Once One Our Several She Since So Some That The Their Then There These They This Those Though
    To Two Under Until We What When Where While Who Why With You
    """
)
"""Words that, behind an abbreviation, begin a new sentence."""
FORMS_OF_ADDRESS: Final = _words(
    """
    Adm. Admiral Archbishop Baron Baroness Bishop Brigadier Capt. Captain Cardinal Chancellor Chief Col. Colonel
    Commander Congressman Congresswoman Coach Count Countess Dame Doctor Dr Dr. Duchess Duke Earl Emperor Empress
    Fr. Gen. General Gov. Governor Hon. Judge Justice King Lady Lieutenant Lord Lt. Madame Maj. Major Marshal Master
    Mayor Minister Miss Mme. Monsignor Mr Mr. Mrs Mrs. Ms Ms. Pope President Prime Prince Princess Prof. Professor
    Queen Rabbi Rep. Rev. Reverend Sen. Senator Sergeant Sgt. Sheikh Sir Sultan Tsar
    """
)
"""Words before a name that are no part of it."""
CALENDAR: Final = _words(
    """
    January February March April May June July August September October November December Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday AD BC
    """
)
"""Months and days; some are first names too."""
PLACING: Final = _words("in at from near to across around outside through throughout into")
"""Before a capitalised word these say that it is a place."""
DETERMINING: Final = _words("a all an any both every many most other several some the these this those")
"""Before a single capitalised word these say that it is nobody's name."""
THINGS: Final = _words(
    """
    algorithm award bridge code crater cup cycle institute lamp lecture machine machines matrix medal method museum
    prize problem process reaction scale space street telescope test transform university
    """
)
"""A name before one of these names a thing: the Turing machine."""
DISCOVERIES: Final = _words(
    """
    cipher conjecture constant curve diagram disease distribution effect equation equations function inequality
    integral law laws lemma number numbers paradox principle syndrome theorem
    """
)
"""These also stand behind a possessive: Fermat's theorem; but Lovelace's machine may be hers."""
BEFORE_THINGS: Final = _words("the a an in at near most many")
"""Names of peoples, places and schools stand behind these much more often than those of people."""
