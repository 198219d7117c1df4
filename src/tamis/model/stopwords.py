"""Words that carry no topic, by language, for text indexes that ask for a language's stopwords.

Only languages with a list here are offered; the words of an index are stored in the schema, so that a later change
of a list does not change an index that exists.
"""

from __future__ import annotations

__all__ = ["STOPWORDS"]

_ENGLISH = """
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
itself they them their theirs themselves what which who whom this that these those am is are was were be been being
have has had having do does did doing a an the and but if or because as until while of at by for with about against
between into through during before after above below to from up down in out on off over under again further then once
here there when where why how all any both each few more most other some such no nor not only own same so than too
very s t can will just don should now
"""

_GERMAN = """
aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei bin bis
bist da damit dann das dass dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch
dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen gewesen hab habe haben hat hatte hatten
hier hin hinter ich ihm ihn ihnen ihr ihre im in ist ja jede jedem jeden jeder jedes jene jenem jenen jener jenes jetzt
kann kein keine können könnte machen man mein meine mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr
sein seine selbst sich sie sind so soll sollte sondern sonst um und uns unser unter viel vom von vor war waren warst was
weg weil weiter welche welchem welchen welcher welches wenn werde werden wie wieder will wir wird wirst wo wollen würde
würden zu zum zur zwar zwischen über
"""

_FRENCH = """
au aux avec ce ces cet cette dans de des du elle elles en et eux il ils je la le les leur leurs lui ma mais me même mes
moi mon ne nos notre nous on ou où par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous
c d j l à m n s t y été être étais était étaient suis es est sommes êtes sont serai sera seront ai as a avons avez ont
avais avait avaient aura auront eu sans plus
"""

STOPWORDS: dict[str, tuple[str, ...]] = {
    "english": tuple(_ENGLISH.split()),
    "french": tuple(_FRENCH.split()),
    "german": tuple(_GERMAN.split()),
}
