"""Words that distinguish the reports of a series: places, dates, ordinals, letters, negations.

In "… in Austria: a country profile" and "… in Australia …" one word is all that differs, and it is
no misspelling.  Five languages: English, French, Spanish, Portuguese and German.  Names of
countries, months and days are those of the Unicode CLDR, as Babel has them.
"""

from functools import cache

from babel import Locale

from review.duplicates.matching.normalise import plain

LANGUAGES = ("en", "fr", "es", "pt", "de")

_NUMBERS = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty hundred
un une deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze seize vingt
trente quarante cinquante cent
uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis veinte
treinta cuarenta cincuenta cien
um dois duas quatro sete oito nove dez doze treze quinze dezesseis dezasseis vinte trinta quarenta
cinquenta
eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn
zwanzig dreissig vierzig funfzig hundert
"""
_ORDINALS = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth twentieth last final
premier premiere deuxieme seconde troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme
dixieme onzieme douzieme dernier derniere
primero primer primera segundo segunda tercero tercer tercera cuarto cuarta quinto quinta sexto
sexta septimo septima octavo octava noveno novena decimo decima ultimo ultima
primeiro primeira terceiro terceira quarto quarta setimo setima oitavo oitava nono nona
erste erster erstes ersten zweite zweiter zweites zweiten dritte dritter drittes dritten vierte
vierter viertes vierten funfte funfter funftes funften sechste sechster sechstes siebte siebter
achte achter neunte neunter zehnte zehnter elfte zwolfte letzte letzter
"""
_STAGES = """
baseline midline endline midterm interim final annual quarterly monthly weekly spring summer autumn
fall winter north south east west northern southern eastern western central upper lower
printemps ete automne hiver nord sud est ouest
primavera verano otono invierno norte sur este oeste
verao outono inverno sul leste
fruhling fruhjahr sommer herbst nord sud ost west
"""
_NEGATIONS = """
no not non without never nor neither none sans pas ni sin nunca sem nao nem ohne nicht kein keine
keinen nie
"""
NEGATIONS = frozenset(_NEGATIONS.split())
# Characters that turn what follows into something else: not, without, women, men, and compass.
TELLING_CHARACTERS = frozenset("非未不无無女男东東西南北上下前后後")
# Short words that ask or direct, and so are not interchangeable like `of` and `for`.
_DIRECTIONS = """
who whom whose how what why when where which from to with within between
qui que quoi comment pourquoi quand ou depuis vers avec
quien quienes como cuando donde cual desde hacia con
quem quando onde qual de para com
wer wie was warum wann wo welche von nach mit
"""
DIRECTIONS = frozenset(_DIRECTIONS.split()) - {"de", "que", "para"}
# What turns a word into its opposite, or into what comes before, after, above or below it.
PREFIXES = (
    "un", "in", "im", "il", "ir", "non", "dis", "de", "des", "mis", "anti", "counter", "contra",
    "contre", "gegen", "nicht", "pre", "post", "sub", "super", "over", "under", "hyper", "hypo",
    "inter", "intra", "extra", "multi", "mono", "bi", "tri", "semi", "co", "re", "pro", "a", "an",
    "ex", "micro", "macro", "infra", "supra", "trans", "uni", "endo", "exo", "ecto", "iso", "auto",
    "allo", "homo", "hetero", "out", "up", "down", "i", "sobre", "sous", "uber", "unter",
    "vor", "nach",
)  # fmt: skip


@cache
def series_words() -> frozenset[str]:
    """Return the plain words that distinguish reports of a series."""
    words = set(f"{_NUMBERS} {_ORDINALS} {_STAGES} {_NEGATIONS}".split())
    for language in LANGUAGES:
        words |= _names(Locale(language))
    return frozenset(words)


def _names(locale: Locale) -> set[str]:
    """Return the words of the names of countries, languages, months and days, four letters up."""
    calendar = [*locale.months["format"].values(), *locale.days["format"].values()]
    texts = [*locale.territories.values(), *locale.languages.values()]
    texts += [name for names in calendar for name in names.values()]
    return {word for text in texts for word in plain(text).split() if len(word) >= 4}


def is_opposite(one: str, other: str) -> bool:
    """Say whether one word is the other after a prefix: formal, informal; active, reactive.

    Also whether two prefixes change places: prenatal, postnatal; midline, endline.
    """
    short, long = sorted((one, other), key=len)
    if long.endswith(short) and long.removesuffix(short) in PREFIXES:
        return True
    return not _stems(one).isdisjoint(_stems(other))


def _stems(word: str) -> frozenset[str]:
    """Return what is left of a word without each of its prefixes, three letters or more."""
    rest = (word.removeprefix(prefix) for prefix in PREFIXES if word.startswith(prefix))
    return frozenset(stem for stem in rest if len(stem) >= 3)
